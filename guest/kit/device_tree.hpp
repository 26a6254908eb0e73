#pragma once

#include "kit/interrupt.hpp"
#include "kit/range.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::guest {

/// The flattened device tree the guest was started with (Devicetree Specification 0.4), by libfdt.
class DeviceTree {
public:
    /// A node of the tree; valid as long as the tree.
    class Node {
        friend class DeviceTree;
        constexpr explicit Node(int offset) : offset_{offset} {}
        int offset_;
    };

    /// Nothing when there is no tree at `blob`.
    static std::optional<DeviceTree> at(const void* blob);

    [[nodiscard]] std::optional<Node> path(std::string_view path_or_alias) const;
    /// The first node that says `compatible` and is not disabled, behind `after` if given.
    [[nodiscard]] std::optional<Node> compatible(const char* compatible,
                                                 std::optional<Node> after = {}) const;
    /// The first node with device_type = `type`, behind `after` if given.
    [[nodiscard]] std::optional<Node> device_type(std::string_view type,
                                                  std::optional<Node> after = {}) const;

    [[nodiscard]] bool is_compatible(Node node, const char* compatible) const;
    /// A string property; empty when it is not there.
    [[nodiscard]] std::string_view text(Node node, const char* property) const;
    [[nodiscard]] std::optional<std::uint32_t> number(Node node, const char* property) const;
    /// Entry `index` of `reg` as the CPU sees it: translated through the buses' `ranges`.
    [[nodiscard]] std::optional<Range> reg(Node node, unsigned index = 0) const;
    /// The address in entry 0 of `reg` of a node without sizes (a CPU).
    [[nodiscard]] std::optional<std::uint64_t> unit(Node node) const;
    /// Entry `index` of `interrupts`, in the GIC's three-cell form.
    [[nodiscard]] std::optional<Interrupt> interrupt(Node node, unsigned index = 0) const;

private:
    explicit DeviceTree(const void* blob) : blob_{blob} {}
    [[nodiscard]] bool enabled(int offset) const;
    [[nodiscard]] std::optional<std::uint64_t> translate(int bus, std::uint64_t address) const;

    const void* blob_;
};

} // namespace bulkhead::guest
