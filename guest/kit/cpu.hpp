#pragma once

#include "kit/system_register.hpp"

#include <cstdint>
#include <span>

namespace bulkhead::guest {

/// The guest's CPUs, numbered as the device tree lists them but the boot CPU is 0.
class Cpu {
public:
    static constexpr unsigned limit = 16; // entry.S has as many stacks

    static unsigned current() { return static_cast<unsigned>(TPIDR_EL1::read()); }
    static unsigned count();
    static std::uint64_t affinity(unsigned cpu);

    /// What the device tree says, in any order.
    static void set_affinities(std::span<const std::uint64_t> all);

    /// Start a CPU: it runs function() with its MMU on, interrupts masked, its part of the GIC not
    /// started, and powers off when function returns. PSCI's result.
    static std::int32_t start(unsigned cpu, void (*function)());
};

} // namespace bulkhead::guest
