#pragma once

#include "domain/vcpu.hpp"
#include "machine/guest_registers.hpp"

namespace bulkhead::hypercall {

/// Functions of PSCI 1.1 (Arm DEN0022) that guests have, SMC32 and SMC64 forms counted each.
inline constexpr unsigned psci_function_count = 16;

/// Carries out a PSCI call of the vCPU on the calling CPU: result in x0. False: not a PSCI
/// function.
bool psci_call(domain::Vcpu& vcpu, machine::GuestRegisters& registers);

} // namespace bulkhead::hypercall
