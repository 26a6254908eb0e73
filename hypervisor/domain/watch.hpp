#pragma once

#include "base/callback.hpp"
#include "base/types.hpp"
#include "machine/time.hpp"
#include "sched/alarm.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace bulkhead::domain {

/// What a domain has to do in time, or be noticed: touch its UART or its GIC soon after its start,
/// and pet its watchdog if it has one. Times are of the system counter; any CPU may call anything.
///
/// The alarm that looks is set on the domain's own CPUs, and only while there is something to look
/// for.
class Watch {
public:
    static constexpr std::uint64_t silence_seconds = 10;

    /// `look` is called when a deadline may have passed.
    Watch(std::uint32_t watchdog_ms, Callback<void()> look)
        : watchdog_ms_(watchdog_ms), alarm_(look)
    {
    }

    /// The domain starts: both times run from now.
    void start();

    /// It has ended.
    void stop() { alarm_.cancel(); }

    /// The guest used a device that tells that it got somewhere.
    void sign_of_life()
    {
        if (at(silence).load(std::memory_order_relaxed) != machine::never) [[unlikely]]
            first_sign();
    }

    [[nodiscard]] bool has_watchdog() const { return watchdog_ms_ != 0; }
    /// What the domain was given, rounded up to seconds.
    [[nodiscard]] std::uint64_t longest_seconds() const { return (watchdog_ms_ + 999U) / 1000; }
    void pet();
    /// The guest wants a shorter time. False if it is 0 or longer than what it was given.
    bool shorten(std::uint64_t seconds);
    [[nodiscard]] std::uint64_t seconds_left() const;

    enum Deadline : std::uint8_t { silence, watchdog };
    /// True once for a deadline that has passed.
    bool has_passed(Deadline deadline);
    /// Looks again when what comes next is due, if anything is, on the calling CPU.
    void set_alarm();
    /// The domain's first vCPU comes onto the calling CPU.
    void follow()
    {
        if (alarm_.is_elsewhere()) set_alarm();
    }

private:
    [[gnu::noinline, gnu::cold]] void first_sign();
    std::atomic<Ticks>& at(Deadline deadline) { return deadlines_[deadline]; }

    const std::uint32_t watchdog_ms_;
    std::atomic<std::uint64_t> period_ = 0; // in ticks
    std::array<std::atomic<Ticks>, 2> deadlines_ = {machine::never, machine::never};
    sched::Alarm alarm_;
};

} // namespace bulkhead::domain
