#pragma once

#include <cstdint>

namespace bulkhead::arm64 {

/// What a guest reads from an ID register: the hardware's value without the features that Bulkhead
/// does not switch between guests. `register_name` is the ISS form (Esr::system_register) of a
/// register with Op0 3, Op1 0, CRn 0, CRm 1-7; those the architecture has not named yet are zero.
std::uint64_t id_register(std::uint32_t register_name);

/// ID_AA64DFR0_EL1 of this CPU.
std::uint64_t debug_features();
/// This CPU has the architecture's PMU.
bool has_pmu();
/// This CPU has the keys of pointer authentication (FEAT_PAuth).
bool has_pointer_authentication();
/// This CPU has SVE; it has SME, which guests have not.
bool has_sve();
bool has_sme();

} // namespace bulkhead::arm64
