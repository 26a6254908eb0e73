#pragma once

#include "base/result.hpp"
#include "devicetree/property.hpp"
#include "devicetree/sequence.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <libfdt.h>
#include <optional>
#include <string_view>

namespace bulkhead::devicetree {

/// Where a node is, for messages. Only its name if the whole path is very long.
class Path {
public:
    [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }
    operator std::string_view() const { return text(); }

private:
    friend class Node;
    std::array<char, 128> text_{};
    std::size_t size_ = 0;
};

/// A node of a Tree, which must outlive it. Cheap to copy.
class Node {
public:
    using Children = Sequence<Node, fdt_next_subnode>;
    using Properties = Sequence<Property, fdt_next_property_offset>;

    /// No node; to be assigned to.
    Node() = default;
    /// The node that libfdt has at `offset` of a tree.
    static Node at(const void* blob, int offset) { return {blob, offset}; }

    /// With the unit address: "memory@40000000". The root's is empty.
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] Path path() const;
    [[nodiscard]] std::optional<Node> parent() const;
    [[nodiscard]] Children children() const;
    [[nodiscard]] Properties properties() const;

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
    Node(const void* blob, int offset) : blob_(blob), offset_(offset) {}
    [[nodiscard]] std::uint32_t inherited(std::string_view name, std::uint32_t at_root) const;

    const void* blob_ = nullptr;
    int offset_ = -1;

    friend class Tree;
};

} // namespace bulkhead::devicetree
