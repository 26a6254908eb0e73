#pragma once

namespace bulkhead::arm64 {

/// Sets the calling CPU's EL2 controls for guests: stage 2, traps, timers, vectors.
void set_up_cpu(bool gicv3);

} // namespace bulkhead::arm64
