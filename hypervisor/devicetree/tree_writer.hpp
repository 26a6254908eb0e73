#pragma once

#include "base/result.hpp"
#include "devicetree/format.hpp"
#include "devicetree/node.hpp"

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

    void empty(std::string_view name) { place(name, 0); }
    void bytes(std::string_view name, std::span<const std::byte> value);
    /// `value` and a NUL; with NULs in it, a list of strings.
    void string(std::string_view name, std::string_view value);
    void cells(std::string_view name, std::initializer_list<std::uint32_t> values);
    /// Each in two cells.
    void numbers(std::string_view name, std::span<const std::uint64_t> values);

    /// A node of another tree with all below it, but for the properties of these names.
    void copy(const Node& top, std::span<const std::string_view> without);

    /// The finished tree, as long as the buffer at most; no_space when that is too short.
    Result<std::span<const std::byte>> finish();

private:
    /// `unit_address` with its @, or nothing.
    void begin(std::string_view name, std::string_view unit_address = {});
    void begin(std::string_view name, std::uint64_t address);
    void end() { word(format::end_node); }
    /// Room for a property's value; null after an error.
    std::byte* place(std::string_view name, std::size_t size);
    /// Room in the structure block, padded with zeros to whole words; null when there is none.
    std::byte* room(std::size_t size);
    void word(std::uint32_t value);
    /// Where that name is in the strings block then. One that is there already is not looked for:
    /// it saves a guest a kilobyte, and costs every boot a thousand comparisons.
    std::uint32_t add_string(std::string_view name);

    std::span<std::byte> buffer_;
    /// The structure block grows from behind the header, the strings block in the buffer's last
    /// quarter; `finish` puts it behind the other.
    std::span<std::byte> strings_;
    std::size_t strings_size_ = 0;
    std::size_t end_;
    bool is_full_ = false;
};

} // namespace bulkhead::devicetree
