#pragma once

#include "base/types.hpp"

namespace bulkhead::driver {

/// Interrupts that EL2 itself handles, besides reschedule_sgi.
struct OwnInterrupts {
    Intid maintenance;
    /// The console's receive interrupt; 0 when it is polled or has none.
    Intid console;
    void (*console_handler)() = nullptr;
};
void set_own_interrupts(const OwnInterrupts& interrupts);

/// Acknowledges and handles whatever this CPU has pending, as if it had interrupted what runs here.
void take_pending_interrupts();

} // namespace bulkhead::driver
