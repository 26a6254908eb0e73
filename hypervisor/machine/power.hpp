#pragma once

namespace bulkhead::machine {

/// The whole machine, through its firmware. They return only where the firmware cannot.
void power_off();
void power_reset();

} // namespace bulkhead::machine
