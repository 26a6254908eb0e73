#pragma once

#include "base/result.hpp"
#include "devicetree/node.hpp"
#include "devicetree/sequence.hpp"
#include "memory/physical_ranges.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace bulkhead::devicetree {

/// A flattened device tree whose structure was checked: every walk over it ends, and stays in it.
/// What its properties say is still anyone's word.
class Tree {
public:
    static constexpr std::size_t max_size = 2 * 1024 * 1024;
    /// Deeper nesting is refused, so that a walk to the root is short. Linux's trees have 8 levels.
    static constexpr int max_depth = 32;

    /// `blob` starts with the tree and may be longer. invalid: not a tree, or a broken one;
    /// too_big: it says that it is larger than `blob` or max_size.
    static Result<Tree> open(std::span<const std::byte> blob);

    [[nodiscard]] std::span<const std::byte> blob() const;
    [[nodiscard]] Node root() const { return Node::at(blob_, 0); }

    /// "/soc/serial@0"; unit addresses may be left out where that is unambiguous.
    [[nodiscard]] std::optional<Node> at_path(std::string_view path) const;
    /// A path, or an alias of one ("serial0"). What follows a colon is not part of it.
    [[nodiscard]] std::optional<Node> at_path_or_alias(std::string_view name) const;
    [[nodiscard]] std::optional<Node> with_phandle(std::uint32_t phandle) const;
    /// The first enabled node that is compatible with any of these.
    [[nodiscard]] std::optional<Node>
    compatible_with(std::initializer_list<std::string_view> any) const;

    /// The header's memory reservation block.
    [[nodiscard]] int reservation_count() const;
    [[nodiscard]] memory::PhysicalRange reservation(int index) const;

private:
    explicit Tree(const void* blob) : blob_(blob) {}

    const void* blob_;
};

} // namespace bulkhead::devicetree
