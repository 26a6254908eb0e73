#pragma once

#include "domain/vcpu.hpp"
#include "machine/guest_registers.hpp"

#include <cstdint>

namespace bulkhead::hypercall {

/// Functions of PSCI 1.1 (Arm DEN0022) that guests have, SMC32 and SMC64 forms counted each.
inline constexpr unsigned psci_function_count = 16;

/// PSCI_VERSION, and its answer.
inline constexpr std::uint32_t psci_version = 0x8400'0000;
inline constexpr std::uint64_t psci_1_1 = 0x1'0001;

/// Carries out a PSCI call of the vCPU on the calling CPU: result in x0. False: not a PSCI
/// function.
bool psci_call(domain::Vcpu& vcpu, machine::GuestRegisters& registers);

} // namespace bulkhead::hypercall
