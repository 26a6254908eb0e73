// The neighbour of a guest that may do anything: its memory, its timer and its console are as if it
// were alone.
//
// Command line: lines=20 samples=10 period-us=500 budget-ns=100
// It prints `lines` lines, and before each takes `samples` timer interrupts and writes and compares
// a pattern over its memory. With a budget it says so when an interrupt takes longer. The last line
// is its judgement.

#include "kit/board.hpp"
#include "kit/gic.hpp"
#include "kit/latency_probe.hpp"
#include "kit/print.hpp"
#include "kit/series.hpp"
#include "kit/stop.hpp"

#include <array>

namespace bulkhead::guest {
namespace {

constinit std::array<std::uint64_t, 65536> memory{};

constexpr std::uint64_t pattern(std::uint64_t round, std::uint64_t index)
{
    return (round + 1) * 0x9e37'79b9'7f4a'7c15 ^ index * 0xff51'afd7'ed55'8ccd;
}

/// Words that are not what the round before wrote; then writes this round's.
std::uint64_t compare_and_write(std::uint64_t round)
{
    std::uint64_t wrong = 0;
    for (std::uint64_t n = 0; n < memory.size(); ++n) {
        if (round != 0 && memory[n] != pattern(round - 1, n)) ++wrong;
        memory[n] = pattern(round, n);
    }
    return wrong;
}

} // namespace

void guest_main(const Board& board)
{
    const auto lines = board.command_line.number("lines", 20);
    const auto samples = board.command_line.number("samples", 10);
    const auto frequency = Timer::frequency();
    const auto period = board.command_line.number("period-us", 500) * frequency / 1'000'000;
    const auto budget = board.command_line.number("budget-ns", 100);
    gic::start(board.gic);
    gic::enable(board.virtual_timer.intid);
    const LatencyProbe probe;
    Series all;
    std::uint64_t wrong = 0;
    std::uint64_t late = 0;
    for (std::uint64_t line = 0; line < lines; ++line) {
        for (std::uint64_t n = 0; n < samples; ++n) {
            const auto how = n % 2 == 0 ? LatencyProbe::Wait::asleep : LatencyProbe::Wait::busy;
            const auto ticks =
                probe.timer_expiry(TimerKind::virtual_timer, board.virtual_timer, period, how);
            const auto latency = ticks * 1'000'000'000 / frequency;
            all.add(latency);
            late += latency > budget ? 1 : 0;
        }
        wrong += compare_and_write(line);
        print("witness: line ", line, " of ", lines, ", all is well so far\n");
    }
    print("witness: done, ", wrong, " words changed, latency min=", all.minimum(),
          " avg=", all.average(), " max=", all.maximum(), " late=", late, "\n");
}

} // namespace bulkhead::guest
