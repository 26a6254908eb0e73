#pragma once

#include "arm64/esr.hpp"
#include "base/bits.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::arm64 {

/// CPACR_EL1.SMEN, and ZEN: no access to SME, or SVE, traps to EL1.
constexpr std::uint64_t hidden_cpacr(bool has_sve)
{
    return bits(25, 24) | (has_sve ? 0 : bits(17, 16));
}

/// ICC_SGI1R_EL1 (GICv3, 12.2).
inline constexpr auto icc_sgi1r = Esr::system_register(3, 0, 12, 11, 5);

/// A guest's MRS, MSR or system instruction that traps (HCR_EL2.TID3, TACR, TIDCP, MDCR_EL2.TPM,
/// CPTR_EL2.TTA and TCPAC, ICC_SGI*): carries it out and skips it, or injects Undefined.
[[gnu::noinline]] void trap_system_register(machine::RunningVcpu& vcpu,
                                            machine::GuestRegisters& registers, Esr esr);

} // namespace bulkhead::arm64
