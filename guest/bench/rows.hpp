#pragma once

#include "kit/board.hpp"
#include "kit/print.hpp"
#include "kit/series.hpp"
#include "kit/stop.hpp"

#include <string_view>

namespace bulkhead::guest {

constexpr unsigned warm_up_rounds = 10;
constexpr std::uint64_t period_us = 20;

/// Ticks of the counter as nanoseconds. Under `-icount shift=0` a nanosecond is an instruction.
inline std::uint64_t nanoseconds(std::uint64_t ticks)
{
    return ticks * 1'000'000'000 / Timer::frequency();
}

inline std::uint64_t ticks_of(std::uint64_t microseconds)
{
    return microseconds * Timer::frequency() / 1'000'000;
}

/// Stops the guest if another interrupt came than the one that was caused.
inline void expect(gic::Acknowledged got, Intid wanted)
{
    if (got.intid() == wanted) return;
    print("bench: interrupt ", got.intid(), " came instead of ", wanted, "\n");
    stop("unexpected interrupt");
}

/// Measures one row of the table: `once` gives ticks.
template <class Callable>
Series measure(unsigned samples, Callable once)
{
    Series series;
    for (unsigned n = 0; n < warm_up_rounds; ++n)
        (void)once();
    for (unsigned n = 0; n < samples; ++n)
        series.add(nanoseconds(once()));
    return series;
}

/// A line for the host tool.
inline void print_row(std::string_view name, const Series& series, std::string_view remark = "")
{
    print("bench: row=", name, " samples=", series.count(), " min=", series.minimum(),
          " avg=", series.average(), " max=", series.maximum(), remark, "\n");
}

/// What one instruction costs that a hypervisor may have to emulate.
void measure_traps(const Board& board, unsigned samples);
/// From a cause to the first instruction of the interrupt's handler.
void measure_interrupts(const Board& board, unsigned samples);
void measure_device(const Board& board, unsigned samples);
void measure_virtual_timer(const Board& board, unsigned samples);
/// One timer's period and its interrupt.
void let_time_pass(const Board& board, bool asleep, std::uint64_t milliseconds);
/// The same with the cause on another CPU.
void measure_pair(const Board& board, unsigned samples);

} // namespace bulkhead::guest
