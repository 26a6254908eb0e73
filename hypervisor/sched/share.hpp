#pragma once

#include "machine/time.hpp"

#include <cstdint>

namespace bulkhead::sched {

inline std::uint64_t ticks_of_us(std::uint64_t microseconds)
{
    return microseconds * machine::ticks_per_second() / 1'000'000;
}

/// What a tick of CPU time costs a unit of this weight, in the unit of Unit::spent: fine enough for
/// the highest weight (65535), and coarse enough for the lowest.
constexpr std::uint64_t burn_rate(std::uint32_t weight)
{
    return (std::uint64_t{1} << 24) / weight;
}

/// Amounts spent may wrap around.
constexpr bool is_less(std::uint64_t a, std::uint64_t b)
{
    return static_cast<std::int64_t>(a - b) < 0;
}

} // namespace bulkhead::sched
