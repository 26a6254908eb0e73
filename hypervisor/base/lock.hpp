#pragma once

#include "base/thread_safety.hpp"
#include "machine/cpu.hpp"

#include <atomic>
#include <cstdint>

namespace bulkhead {

/// The order in which locks may nest: a CPU takes only locks of a higher rank than those it holds.
/// Checked where BULKHEAD_CHECK_LOCKS is set: in debug builds and on the host.
enum class Rank : std::uint8_t {
    console_input, // a typed character is on its way to whom it is for
    domain,
    cpu_pools,
    uart, // a guest's UART, which raises interrupts
    event_channels,
    vgic,
    unit, // what a scheduler schedules
    scheduler,
    alarms,
    page_pool,
    console_line, // the line that a domain is writing
    console,      // the host's console; anyone may print while holding anything
};

#ifdef BULKHEAD_CHECK_LOCKS
inline constexpr bool check_lock_ranks = true;
#else
inline constexpr bool check_lock_ranks = false;
#endif

/// A fair spin lock (ticket lock), taken with the CPU's interrupts masked, as they always are in
/// EL2. Waiting time is bounded by the number of CPUs times the longest critical section.
template <Rank R>
class CAPABILITY("lock") Lock {
public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    void lock() ACQUIRE()
    {
        if constexpr (check_lock_ranks) machine::note_lock_taken(static_cast<unsigned>(R));
        const auto ticket = next_.fetch_add(1, std::memory_order_relaxed);
        machine::wait_until_equal(serving_, ticket);
    }

    void unlock() RELEASE()
    {
        const auto next = static_cast<std::uint16_t>(serving_.load(std::memory_order_relaxed) + 1);
        serving_.store(next, std::memory_order_release);
        if constexpr (check_lock_ranks) machine::note_lock_released(static_cast<unsigned>(R));
    }

private:
    std::atomic<std::uint16_t> next_ = 0;
    std::atomic<std::uint16_t> serving_ = 0;
};

/// Holds a lock for the length of a block.
template <Rank R>
class SCOPED_CAPABILITY Guard {
public:
    explicit Guard(Lock<R>& lock) ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
    ~Guard() RELEASE() { lock_.unlock(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

private:
    Lock<R>& lock_;
};

} // namespace bulkhead
