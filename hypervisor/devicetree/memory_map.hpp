#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "devicetree/tree.hpp"
#include "memory/physical_ranges.hpp"

namespace bulkhead::devicetree {

/// The host's RAM, and what firmware keeps of it.
struct MemoryMap {
    /// All of it, reserved or not.
    memory::PhysicalRanges ram;
    /// /reserved-memory: nobody's but the firmware's and its devices'.
    FixedVector<memory::PhysicalRange, 256> reserved;
    /// The tree's header: often the tree itself and the boot modules, so these may overlap them.
    FixedVector<memory::PhysicalRange, 64> header_reserved;
};

/// Fills `map`. Every node that cannot be read is reported and makes the result a failure, as does
/// a tree without RAM: memory of unknown owners must not be used.
Result<void> read_memory_map(const Tree& tree, MemoryMap& map, Report& report);

} // namespace bulkhead::devicetree
