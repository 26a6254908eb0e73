#pragma once
#include "memory_range.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bulkhead::tool {

/// A flattened device tree that can be read and changed (Devicetree Specification v0.4, chapter 5),
/// by full paths such as "/chosen/domU1". Grows as needed.
class DeviceTree {
public:
    /// Throws Failure naming `name` if the bytes are not a sound device tree.
    DeviceTree(std::string bytes, const std::string& name);

    /// A root without anything.
    static DeviceTree empty();
    static DeviceTree read(const std::filesystem::path& path);

    [[nodiscard]] bool has_node(const std::string& path) const;
    [[nodiscard]] bool has_property(const std::string& path, const std::string& name) const;
    /// Full paths of the nodes directly below.
    [[nodiscard]] std::vector<std::string> children(const std::string& path) const;
    /// A property's strings; empty if it is not there.
    [[nodiscard]] std::vector<std::string> texts(const std::string& path,
                                                 const std::string& name) const;
    /// A property's first string; empty if it is not there.
    [[nodiscard]] std::string text(const std::string& path, const std::string& name) const;
    /// A property's 32-bit cells; empty if it is not there.
    [[nodiscard]] std::vector<std::uint32_t> cells(const std::string& path,
                                                   const std::string& name) const;
    /// A node's `reg`, read with its parent's #address-cells and #size-cells.
    [[nodiscard]] std::vector<MemoryRange> reg(const std::string& path) const;
    /// One entry of a bus's `ranges`.
    struct Window {
        std::uint64_t child;
        std::uint64_t parent;
        std::uint64_t size;
    };
    [[nodiscard]] std::vector<Window> ranges(const std::string& path) const;
    /// Names of a node's properties, and the value of one as it stands.
    [[nodiscard]] std::vector<std::string> properties(const std::string& path) const;
    [[nodiscard]] std::string bytes_of(const std::string& path, const std::string& name) const;
    /// The memory reservation block.
    [[nodiscard]] std::vector<MemoryRange> reservations() const;

    /// Adds the node; its parent must be there.
    void add_node(const std::string& path);
    void remove_node(const std::string& path);
    void remove_property(const std::string& path, const std::string& name);
    void set_flag(const std::string& path, const std::string& name);
    void set_text(const std::string& path, const std::string& name, const std::string& text);
    void set_texts(const std::string& path, const std::string& name,
                   std::span<const std::string> texts);
    void set_cell(const std::string& path, const std::string& name, std::uint32_t cell);
    void set_cells(const std::string& path, const std::string& name,
                   std::span<const std::uint32_t> cells);
    /// Two cells.
    void set_number64(const std::string& path, const std::string& name, std::uint64_t number);
    /// Two cells each.
    void set_numbers64(const std::string& path, const std::string& name,
                       std::span<const std::uint64_t> numbers);
    void set_bytes(const std::string& path, const std::string& name, std::string_view value);
    /// Sets `reg` with the parent's #address-cells and #size-cells.
    void set_reg(const std::string& path, std::span<const MemoryRange> ranges);

    /// The tree, packed: what a boot loader loads.
    [[nodiscard]] std::string bytes() const;

private:
    struct CellCounts {
        std::uint32_t address;
        std::uint32_t size;
    };
    [[nodiscard]] CellCounts cell_counts_below(const std::string& path) const;
    [[nodiscard]] std::vector<std::vector<std::uint64_t>>
    entries(const std::string& path, const std::string& name,
            std::span<const std::uint32_t> cell_counts) const;
    [[nodiscard]] int node(const std::string& path) const;
    void change(const std::string& what, const std::function<int(void*)>& edit);

    std::string bytes_; ///< opened for editing, with room to spare
    std::string name_;
};

} // namespace bulkhead::tool
