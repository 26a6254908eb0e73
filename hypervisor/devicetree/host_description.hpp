#pragma once

#include "base/report.hpp"
#include "devicetree/interrupt_controller.hpp"
#include "devicetree/memory_map.hpp"
#include "devicetree/processors.hpp"
#include "devicetree/psci.hpp"
#include "devicetree/timer.hpp"
#include "devicetree/tree.hpp"

#include <optional>

namespace bulkhead::devicetree {

/// The machine, as its device tree has it. Large: not for a stack.
struct HostDescription {
    MemoryMap memory;
    Processors processors;
    std::optional<Psci> psci;
    InterruptController interrupt_controller;
    Timer timer;
    /// Of the CPUs' PMUs, if it is private to each.
    std::optional<Intid> pmu_interrupt;
};

/// Reads everything and reports everything that is wrong; failure when the machine cannot be run
/// like that. `boot_affinity`: MPIDR_EL1 of the running CPU.
Result<void> read_host(const Tree& tree, std::uint64_t boot_affinity, HostDescription& host,
                       Report& report);

} // namespace bulkhead::devicetree
