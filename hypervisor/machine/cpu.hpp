#pragma once

#include "base/types.hpp"

#include <atomic>
#include <cstdint>

/// The seam: what portable rooms need from a processor. `arm64/` implements it on EL2, the test
/// rooms implement it on the host; the linker chooses, so nothing here is virtual.
namespace bulkhead::machine {

[[nodiscard]] CpuId this_cpu();
/// CPUs that were brought up, boot CPU included. Their ids are 0 .. count-1.
[[nodiscard]] std::uint32_t cpu_count();

/// Makes another CPU leave its guest, or its idle loop, and look at its current unit's attention.
void send_reschedule(CpuId cpu);

/// Makes another CPU stop() as soon as its guest runs.
void send_stop(CpuId cpu);
/// This CPU does nothing any more.
[[noreturn]] void stop();

/// Sleeps until this CPU has a physical interrupt pending (interrupts stay masked).
void wait_for_interrupt();

/// Returns once `variable` is `value` (acquire). The CPU sleeps between looks.
void wait_until_equal(const std::atomic<std::uint16_t>& variable, std::uint16_t value);

/// Lock order bookkeeping of this CPU; stops the machine with both ranks when the order is wrong.
void note_lock_taken(unsigned rank);
void note_lock_released(unsigned rank);

/// Stops all CPUs with a message. `where` is a code address, for the tool to name.
[[noreturn]] void halt(const char* why, const void* where = __builtin_return_address(0));

} // namespace bulkhead::machine
