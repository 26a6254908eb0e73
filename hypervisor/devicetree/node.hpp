#pragma once

#include "base/result.hpp"
#include "devicetree/node_table.hpp"
#include "devicetree/properties.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace bulkhead::devicetree {

/// Where a node is, for messages. Only its name if the whole path is very long.
class Path {
public:
    [[nodiscard]] std::string_view text() const { return {text_.data() + start_, size - start_}; }
    operator std::string_view() const { return text(); }

private:
    friend class Node;
    static constexpr std::size_t size = 128;

    /// Puts what fits in front; false if that is not all of it.
    bool prepend(std::string_view part);

    std::array<char, size> text_;
    std::size_t start_ = size;
};

/// A node of a Tree, which must outlive it. Cheap to copy.
class Node {
public:
    class Children;

    /// No node; to be assigned to.
    Node() = default;
    Node(const NodeTable& table, NodeTable::Index index) : table_(&table), index_(index) {}

    /// With the unit address: "memory@40000000". The root's is empty.
    [[nodiscard]] std::string_view name() const { return table_->name(index_); }
    [[nodiscard]] Path path() const;
    [[nodiscard]] std::optional<Node> parent() const;
    [[nodiscard]] Children children() const;
    /// The node that follows in the tree's order, of those below `top`.
    [[nodiscard]] std::optional<Node> next(const Node& top) const
    {
        const auto next = static_cast<NodeTable::Index>(index_ + 1);
        return next < table_->after(top.index_) ? std::optional{Node{*table_, next}} : std::nullopt;
    }
    /// The first child of that name, with its unit address or without.
    [[nodiscard]] std::optional<Node> child(std::string_view name) const;
    [[nodiscard]] Properties properties() const
    {
        return {table_->first_token(index_), table_->strings()};
    }

    [[nodiscard]] std::optional<Property> property(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return property(name).has_value(); }

    /// A property's value; no_entry when it is not there, invalid when it is something else.
    [[nodiscard]] Result<std::uint32_t> u32(std::string_view name) const;
    [[nodiscard]] Result<std::uint64_t> number(std::string_view name) const;
    [[nodiscard]] Result<std::string_view> string(std::string_view name) const;

    [[nodiscard]] bool is_compatible(std::string_view with) const;
    /// status is absent, "okay" or "ok".
    [[nodiscard]] bool is_enabled() const;

    /// Cells of an address and of a size in the children's reg. A node that does not say has its
    /// parent's, and the root 2 and 1: Xen's rule, not the specification's. Any number at all may
    /// come back; Property::cells checks it.
    [[nodiscard]] std::uint32_t address_cells() const { return inherited("#address-cells", 2); }
    [[nodiscard]] std::uint32_t size_cells() const { return inherited("#size-cells", 1); }

    bool operator==(const Node&) const = default;

private:
    [[nodiscard]] std::uint32_t inherited(std::string_view name, std::uint32_t at_root) const;

    const NodeTable* table_ = nullptr;
    NodeTable::Index index_ = 0;
};

/// The nodes directly below one, in the tree's order.
class Node::Children {
public:
    class Iterator {
    public:
        Iterator(const NodeTable& table, NodeTable::Index at) : table_(&table), at_(at) {}
        Node operator*() const { return {*table_, at_}; }
        Iterator& operator++()
        {
            at_ = table_->after(at_);
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const NodeTable* table_;
        NodeTable::Index at_;
    };

    Children(const NodeTable& table, NodeTable::Index parent) : table_(table), parent_(parent) {}
    [[nodiscard]] Iterator begin() const
    {
        return {table_, static_cast<NodeTable::Index>(parent_ + 1)};
    }
    [[nodiscard]] Iterator end() const { return {table_, table_.after(parent_)}; }

private:
    const NodeTable& table_;
    NodeTable::Index parent_;
};

inline Node::Children Node::children() const { return {*table_, index_}; }

} // namespace bulkhead::devicetree
