#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bulkhead::devicetree {

/// A property of a node: bytes that the reader gives a meaning to (Devicetree Specification 0.4,
/// 2.2.4). Nothing promises that they have it: every reading can fail with Error::invalid.
class Property {
public:
    Property(std::string_view name, std::span<const std::byte> value) : name_(name), value_(value)
    {
    }

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] std::span<const std::byte> value() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

    /// <u32>: exactly one cell.
    [[nodiscard]] Result<std::uint32_t> u32() const;
    /// One number of one or two cells.
    [[nodiscard]] Result<std::uint64_t> number() const;
    /// Whole cells in it.
    [[nodiscard]] std::size_t cell_count() const { return value_.size() / 4; }
    /// `count` cells from cell `first` on as one big-endian number. `count` is at most 2, 0 gives
    /// 0.
    [[nodiscard]] Result<std::uint64_t> cells(std::uint64_t first, std::uint64_t count) const;

    /// <string>: the text before the NUL that has to end it.
    [[nodiscard]] Result<std::string_view> string() const;
    /// <stringlist>: whether one of the strings is `text`.
    [[nodiscard]] bool contains(std::string_view text) const;

private:
    std::string_view name_;
    std::span<const std::byte> value_;
};

} // namespace bulkhead::devicetree
