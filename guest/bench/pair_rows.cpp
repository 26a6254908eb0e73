#include "bench/rows.hpp"
#include "kit/cpu.hpp"
#include "kit/gic.hpp"
#include "kit/latency_probe.hpp"
#include "kit/stop.hpp"

#include <atomic>

namespace bulkhead::guest {
namespace {

extern "C" ProbeSpan probe_timed_store(std::uint64_t value, std::uintptr_t address);
extern "C" ProbeSpan probe_timed_sgi1r(std::uint64_t value);

using Wait = LatencyProbe::Wait;

constexpr Intid signal = sgi(2);

constinit std::atomic<bool> target_is_ready{false};
constinit std::atomic<std::uint64_t> handled_at{0};

/// The other CPU: notes when its handler began, for ever.
void be_target()
{
    gic::start_cpu();
    gic::enable(signal);
    const LatencyProbe probe;
    target_is_ready = true;
    for (;;) {
        const auto at = probe.wait(Wait::asleep);
        const auto acknowledged = gic::acknowledge();
        expect(acknowledged, signal);
        gic::end(acknowledged);
        handled_at = at;
    }
}

} // namespace

void measure_pair(const Board& board, unsigned samples)
{
    if (Cpu::count() < 2) stop("rows=pair takes two CPUs");
    if (Cpu::start(1, be_target) != 0) stop("the second CPU does not start");
    const auto timer = board.timer(TimerKind::virtual_timer);
    const auto period = ticks_of(period_us);
    const LatencyProbe probe;
    gic::enable(timer.intid);
    // Asleep, this CPU leaves the emulator to the other.
    const auto rest = [&] {
        (void)probe.timer_expiry(TimerKind::virtual_timer, timer, period, Wait::asleep);
    };
    while (!target_is_ready)
        rest();
    const auto sgir = gic::distributor().base() + Gicd::SGIR.offset;
    const auto request = gic::sgi_request(signal, 1);
    print_row("sgi_other", measure(samples, [&] {
                  handled_at = 0;
                  rest();
                  const auto sent = gic::version() == gic::Version::v3
                                        ? probe_timed_sgi1r(request)
                                        : probe_timed_store(request, sgir);
                  while (handled_at == 0)
                      rest();
                  return handled_at - sent.begin;
              }));
    gic::disable(timer.intid);
}

} // namespace bulkhead::guest
