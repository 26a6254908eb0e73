#pragma once

namespace bulkhead::arm64 {

/// Sets the calling CPU's EL2 controls for guests: stage 2, traps, timers, vectors.
void set_up_cpu(bool gicv3);

/// Gives the calling CPU's PMU to the guest that comes next, or hides it.
void give_pmu(bool to_guest);
[[nodiscard]] bool guest_has_pmu();
/// Gives SVE with vectors of so many bits to the guest that comes next on the calling CPU; 0 hides
/// it.
void give_sve(unsigned bits);
[[nodiscard]] bool guest_has_sve();
/// The longest vectors that all CPUs so far have, in bits.
[[nodiscard]] unsigned common_vector_bits();
/// The PMU counts nothing and asks for no interrupt.
void stop_pmu();

} // namespace bulkhead::arm64
