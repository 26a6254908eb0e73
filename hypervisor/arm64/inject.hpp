#pragma once

#include "arm64/esr.hpp"

#include <cstdint>

/// Exceptions that the guest on this CPU takes to its own EL1, as if the hardware had: ELR_EL1,
/// SPSR_EL1, ESR_EL1 and FAR_EL1 are set and it goes on at its vector (Arm ARM D1.3.1).
namespace bulkhead::arm64 {

/// The instruction does not exist for this guest.
void inject_undefined();
/// Nothing answers at the address, or at that of a descriptor for it: a synchronous external abort.
/// `trapped` is the syndrome it came with.
void inject_data_abort(std::uint64_t address, Esr trapped);
void inject_instruction_abort(std::uint64_t address, Esr trapped);

/// The instruction that trapped with this syndrome has been carried out.
void skip_instruction(Esr esr);

} // namespace bulkhead::arm64
