#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace bulkhead::devicetree {

/// Writes a device tree into a buffer, front to back. An error is kept until `finish`, and nothing
/// is written after it.
class TreeWriter {
public:
    explicit TreeWriter(std::span<std::byte> buffer);

    /// What `contents` writes is inside of the node: its properties first, then its children. The
    /// root's name is empty.
    void node(std::string_view name, auto&& contents)
    {
        begin(name);
        contents();
        end();
    }
    /// A node called name@address.
    void node(std::string_view name, std::uint64_t address, auto&& contents)
    {
        begin(name, address);
        contents();
        end();
    }

    void empty(const char* name) { place(name, 0); }
    void bytes(const char* name, std::span<const std::byte> value);
    /// `value` and a NUL; with NULs in it, a list of strings.
    void string(const char* name, std::string_view value);
    void cells(const char* name, std::initializer_list<std::uint32_t> values);
    /// Each in two cells.
    void numbers(const char* name, std::span<const std::uint64_t> values);

    /// The finished tree, as long as the buffer at most; no_space when that is too short.
    Result<std::span<const std::byte>> finish();

private:
    void begin(std::string_view name);
    void begin(std::string_view name, std::uint64_t address);
    void end();
    /// Room for a property's value; null after an error.
    std::byte* place(const char* name, std::size_t size);

    std::span<std::byte> buffer_;
    int error_;
};

} // namespace bulkhead::devicetree
