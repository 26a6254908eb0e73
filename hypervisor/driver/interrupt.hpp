#pragma once

#include "base/types.hpp"

namespace bulkhead::driver {

/// Interrupts that EL2 itself handles, besides reschedule_sgi. Set before they are enabled.
void set_maintenance_interrupt(Intid intid);
void set_alarm_interrupt(Intid intid);
void set_console_interrupt(Intid intid, void (*handler)());

} // namespace bulkhead::driver
