#pragma once

#include "base/report.hpp"
#include "base/types.hpp"
#include "devicetree/tree.hpp"

#include <cstdint>

namespace bulkhead::devicetree {

/// The generic timer's interrupts, private to each CPU, and its frequency.
struct Timer {
    Intid secure_physical;
    Intid physical;
    Intid virtual_;
    Intid hypervisor;
    /// clock-frequency: only where firmware left CNTFRQ_EL0 wrong, else 0.
    std::uint32_t clock_frequency = 0;
};

/// Failure, reported, when an interrupt is missing.
Result<void> read_timer(const Tree& tree, Timer& timer, Report& report);

} // namespace bulkhead::devicetree
