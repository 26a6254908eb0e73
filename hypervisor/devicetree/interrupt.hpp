#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "devicetree/tree.hpp"

#include <cstddef>

namespace bulkhead::devicetree {

/// An interrupt as the GIC binding writes it: <type number flags>.
struct Interrupt {
    Intid intid;
    bool edge = false;

    bool operator==(const Interrupt&) const = default;
};

/// Entry `index` of the node's interrupts. Its interrupt parent, or that of the nearest node above
/// that has one, must be a GIC. no_entry past the end, not_supported for another controller.
Result<Interrupt> interrupt(const Tree& tree, const Node& node, std::size_t index);

} // namespace bulkhead::devicetree
