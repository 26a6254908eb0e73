#pragma once

#include "arm64/esr.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::arm64 {

/// A guest's MRS, MSR or system instruction that traps (HCR_EL2.TID3, TACR, TIDCP, MDCR_EL2.TPM,
/// CPTR_EL2.TTA and ICC_SGI*): carries it out and skips it, or injects Undefined.
void trap_system_register(machine::RunningVcpu& vcpu, machine::GuestRegisters& registers, Esr esr);

} // namespace bulkhead::arm64
