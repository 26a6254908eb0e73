#pragma once

namespace bulkhead::machine {

/// The whole machine, through its firmware. Returns only where the firmware cannot.
void power_off();

} // namespace bulkhead::machine
