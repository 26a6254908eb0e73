#include "domain/watch.hpp"

#include <algorithm>

namespace bulkhead::domain {

void Watch::start()
{
    at(silence) = machine::now() + silence_seconds * machine::ticks_per_second();
    if (has_watchdog()) {
        period_ = watchdog_ms_ * machine::ticks_per_second() / 1000;
        pet();
    }
    set_alarm();
}

void Watch::first_sign()
{
    at(silence) = machine::never;
    set_alarm();
}

void Watch::pet() { at(watchdog) = machine::now() + period_; }

bool Watch::shorten(std::uint64_t seconds)
{
    if (seconds == 0 || seconds > longest_seconds()) return false;
    period_ =
        std::min<std::uint64_t>(seconds * 1000, watchdog_ms_) * machine::ticks_per_second() / 1000;
    pet();
    set_alarm();
    return true;
}

std::uint64_t Watch::seconds_left() const
{
    const auto end = deadlines_[watchdog].load();
    const auto now = machine::now();
    return end > now ? (end - now) / machine::ticks_per_second() : 0;
}

bool Watch::has_passed(Deadline deadline)
{
    auto end = at(deadline).load();
    return end <= machine::now() && at(deadline).compare_exchange_strong(end, machine::never);
}

void Watch::set_alarm()
{
    alarm_.set(std::min(deadlines_[silence].load(), deadlines_[watchdog].load()));
}

} // namespace bulkhead::domain
