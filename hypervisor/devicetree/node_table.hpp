#pragma once

#include "base/result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bulkhead::devicetree {

/// The nodes of a flattened tree, in its order. One pass finds them and proves the tree sound:
/// afterwards a walk over it needs no check, and goes from node to node without reading what is
/// between them.
class NodeTable {
public:
    /// Twice what Linux's largest trees have.
    static constexpr std::size_t most = 4096;
    /// Deeper nesting is refused, so that a walk to the root is short. Linux's trees have 8 levels.
    static constexpr unsigned max_depth = 32;
    using Index = std::uint16_t;
    static constexpr Index root = 0;

    struct Entry {
        std::uint32_t name; // offsets in the structure block
        std::uint32_t first_token;
        std::uint16_t name_size;
        Index parent; // the root's is itself
        Index after;
        std::uint32_t phandle; // 0: none
    };

    /// `room` is for as many nodes as it has entries, and `most` of them at most.
    explicit constexpr NodeTable(std::span<Entry> room) : entries_(room) {}
    /// Entries that suffice for any tree of `size` bytes: a node has a token at its start and at
    /// its end, and a name.
    static constexpr std::size_t sufficient(std::size_t size) { return std::min(size / 12, most); }

    /// Checks that the structure block (Devicetree Specification 0.4, 5.4) is one root node,
    /// properly nested, and ends; with every name and value inside of the blocks, which have to
    /// outlive the table. invalid if not; no_space when there are more nodes than room.
    Result<void> read(std::span<const std::byte> structure, std::span<const std::byte> strings);

    [[nodiscard]] Index count() const { return count_; }
    [[nodiscard]] Index parent(Index node) const { return entries_[node].parent; }
    /// The first node in the tree's order that is not this one and not below it.
    [[nodiscard]] Index after(Index node) const { return entries_[node].after; }
    [[nodiscard]] std::string_view name(Index node) const
    {
        const auto* text = reinterpret_cast<const char*>(structure_.data());
        return {text + entries_[node].name, entries_[node].name_size};
    }
    /// The token after the node's name: a property's, if it has any.
    [[nodiscard]] const std::byte* first_token(Index node) const
    {
        return structure_.data() + entries_[node].first_token;
    }
    [[nodiscard]] std::uint32_t phandle(Index node) const { return entries_[node].phandle; }
    /// The block that the properties' names are in; the last ends it.
    [[nodiscard]] const char* strings() const { return strings_; }

private:
    class Tokens;

    Result<void> add_node(Tokens& tokens, Index parent);

    std::span<const std::byte> structure_;
    const char* strings_ = nullptr;
    Index count_ = 0;
    std::span<Entry> entries_;
};

} // namespace bulkhead::devicetree
