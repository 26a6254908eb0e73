#pragma once

#include "base/types.hpp"

namespace bulkhead::machine {

/// The host's interrupt controller, as far as interrupts that belong to a guest are concerned.
/// Private interrupts (below 32) are those of the calling CPU.
void enable_physical(Intid intid);
void disable_physical(Intid intid);
void set_physical_trigger(Intid intid, bool edge);
void route_physical(Intid intid, CpuId cpu);
[[nodiscard]] bool is_physical_pending(Intid intid);
/// Forgets a pending edge (GICD_ICPENDR<n>); a line that is high stays pending.
void clear_physical_pending(Intid intid);
/// Takes the active state away, so that the line can signal again (GICD_ICACTIVER<n>).
void deactivate_physical(Intid intid);
/// Gives it the active state: the guest holds it (GICD_ISACTIVER<n>).
void activate_physical(Intid intid);

} // namespace bulkhead::machine
