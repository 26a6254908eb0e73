#pragma once

namespace bulkhead::guest {

inline void instruction_barrier() { asm volatile("isb" ::: "memory"); }

/// Everything before is complete, for every observer (devices included), before anything after.
inline void data_barrier() { asm volatile("dsb sy" ::: "memory"); }

/// Sleep until an interrupt is pending, masked or not.
inline void wait_for_interrupt() { asm volatile("dsb sy\n wfi" ::: "memory"); }

inline void wait_for_event() { asm volatile("wfe" ::: "memory"); }
inline void send_event() { asm volatile("dsb ishst\n sev" ::: "memory"); }

/// For polling loops: QEMU's single emulation thread goes on with another CPU here.
inline void relax() { asm volatile("yield" ::: "memory"); }

} // namespace bulkhead::guest
