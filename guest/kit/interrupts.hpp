#pragma once

#include "kit/interrupt.hpp"

namespace bulkhead::guest::interrupts {

using Handler = void (*)();

/// From now on IRQs are acknowledged, handled and ended by what is attached; an interrupt nobody
/// attached stops the guest. For at most 16 different interrupts.
void start();
/// Have `handler` called for this interrupt on any CPU that enables it.
void attach(Intid intid, Handler handler);

} // namespace bulkhead::guest::interrupts
