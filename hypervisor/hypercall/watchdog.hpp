#pragma once

#include "domain/watch.hpp"
#include "machine/guest_registers.hpp"

#include <cstdint>

namespace bulkhead::hypercall {

/// The call of the watchdog that guests know as "arm,smc-wdt" (Linux
/// Documentation/devicetree/bindings/watchdog): what to do in x1, its argument in x2, result in x0.
inline constexpr std::uint32_t watchdog_call = 0x8200'3d06;

/// It runs from the domain's start, and cannot be switched off.
void call_watchdog(domain::Watch& watch, machine::GuestRegisters& registers);

} // namespace bulkhead::hypercall
