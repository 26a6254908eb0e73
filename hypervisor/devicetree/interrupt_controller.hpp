#pragma once

#include "base/fixed_vector.hpp"
#include "base/report.hpp"
#include "base/types.hpp"
#include "devicetree/tree.hpp"
#include "memory/physical_ranges.hpp"

#include <cstdint>

namespace bulkhead::devicetree {

enum class GicVersion : std::uint8_t { v2 = 2, v3 = 3 };

/// The host's GIC.
struct InterruptController {
    GicVersion version{};
    memory::PhysicalRange distributor;
    /// GICv2: GICC, GICH and GICV.
    memory::PhysicalRange cpu_interface;
    memory::PhysicalRange virtual_control;
    memory::PhysicalRange virtual_cpu_interface;
    /// GICv3: where the redistributors are, and the distance between two of them, or 0 where the
    /// architecture says it (GICR_TYPER.VLPIS).
    FixedVector<memory::PhysicalRange, max_cpus> redistributors;
    std::uint64_t redistributor_stride = 0;
    Intid maintenance;
};

/// Failure, reported, when there is no GICv2 or GICv3 with virtualization.
Result<void> read_interrupt_controller(const Tree& tree, InterruptController& gic, Report& report);

} // namespace bulkhead::devicetree
