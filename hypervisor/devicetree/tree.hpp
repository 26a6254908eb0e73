#pragma once

#include "base/result.hpp"
#include "devicetree/node.hpp"
#include "devicetree/node_table.hpp"
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

    /// `blob` starts with the tree and may be longer; it and `nodes`, which is written, have to
    /// outlive the tree. invalid: not a tree, or a broken one; too_big: it says that it is larger
    /// than `blob` or max_size; no_space: it has more nodes than `nodes` has room for.
    static Result<Tree> open(std::span<const std::byte> blob, NodeTable& nodes);

    [[nodiscard]] std::span<const std::byte> blob() const { return blob_; }
    [[nodiscard]] Node root() const { return {*nodes_, NodeTable::root}; }

    /// "/soc/serial@0"; unit addresses may be left out where that is unambiguous.
    [[nodiscard]] std::optional<Node> at_path(std::string_view path) const;
    /// A path, or an alias of one ("serial0"). What follows a colon is not part of it.
    [[nodiscard]] std::optional<Node> at_path_or_alias(std::string_view name) const;
    [[nodiscard]] std::optional<Node> with_phandle(std::uint32_t phandle) const;
    /// The first enabled node that is compatible with any of these.
    [[nodiscard]] std::optional<Node>
    compatible_with(std::initializer_list<std::string_view> any) const;

    /// The header's memory reservation block.
    [[nodiscard]] std::size_t reservation_count() const;
    [[nodiscard]] memory::PhysicalRange reservation(std::size_t index) const;

private:
    Tree(std::span<const std::byte> blob, std::span<const std::byte> reservations,
         const NodeTable& nodes)
        : blob_(blob), reservations_(reservations), nodes_(&nodes)
    {
    }

    /// The first node, in the tree's order, that `predicate` is true for.
    template <typename Predicate>
    [[nodiscard]] std::optional<Node> first(Predicate predicate) const;

    std::span<const std::byte> blob_;
    std::span<const std::byte> reservations_;
    const NodeTable* nodes_;
};

} // namespace bulkhead::devicetree
