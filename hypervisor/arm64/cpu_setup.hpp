#pragma once

namespace bulkhead::arm64 {

/// Sets the calling CPU's EL2 controls for guests: stage 2, traps, timers, vectors.
void set_up_cpu(bool gicv3);

/// Gives the calling CPU's PMU to the guest that comes next, or hides it.
void give_pmu(bool to_guest);
[[nodiscard]] bool guest_has_pmu();
/// It counts nothing and asks for no interrupt.
void stop_pmu();

} // namespace bulkhead::arm64
