#include "base/rate_limit.hpp"

#include "machine/time.hpp"

#include <algorithm>

namespace bulkhead {

bool RateLimit::admit()
{
    const auto second = machine::ticks_per_second();
    const auto now = machine::now();
    auto until = paid_until_.load(std::memory_order_relaxed);
    Ticks next;
    do {
        if (until > now + (burst - 1) * second) return false;
        next = std::max(until, now) + second;
    } while (!paid_until_.compare_exchange_weak(until, next, std::memory_order_relaxed));
    return true;
}

} // namespace bulkhead
