#pragma once

#include "arm64/esr.hpp"
#include "base/bits.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::arm64 {

/// CPACR_EL1.ZEN and SMEN: no access to SVE or SME traps to EL1.
inline constexpr std::uint64_t cpacr_vectors = bits(17, 16) | bits(25, 24);

/// A guest's MRS, MSR or system instruction that traps (HCR_EL2.TID3, TACR, TIDCP, MDCR_EL2.TPM,
/// CPTR_EL2.TTA and TCPAC, ICC_SGI*): carries it out and skips it, or injects Undefined.
[[gnu::noinline]] void trap_system_register(machine::RunningVcpu& vcpu,
                                            machine::GuestRegisters& registers, Esr esr);

} // namespace bulkhead::arm64
