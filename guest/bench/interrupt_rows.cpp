#include "bench/rows.hpp"
#include "kit/gic.hpp"
#include "kit/latency_probe.hpp"

namespace bulkhead::guest {
namespace {

using Wait = LatencyProbe::Wait;

constexpr Intid own_sgi = sgi(1);

/// The burst: sixteen SPIs that no machine here connects, the last the most urgent.
constexpr Intid first_of_burst = spi(64);
constexpr unsigned burst_size = 16;
constexpr std::uint8_t burst_priority(unsigned n) // five bits are what every GIC has
{
    return static_cast<std::uint8_t>(0x10 + 8 * (burst_size - 1 - n));
}

void measure_timer(const Board& board, TimerKind kind, Wait how, const char* name, unsigned samples)
{
    const auto interrupt = board.timer(kind);
    const auto period = ticks_of(period_us);
    const LatencyProbe probe;
    gic::enable(interrupt.intid);
    print_row(name,
              measure(samples, [&] { return probe.timer_expiry(kind, interrupt, period, how); }));
    gic::disable(interrupt.intid);
}

void measure_own_sgi(unsigned samples)
{
    const LatencyProbe probe;
    const auto request = gic::sgi_request(own_sgi, 0);
    const auto sgir = gic::distributor().base() + Gicd::SGIR.offset;
    gic::enable(own_sgi);
    print_row("sgi_self", measure(samples, [&] {
                  const auto span = gic::version() == gic::Version::v3
                                        ? probe.write_sgi1r(request)
                                        : probe.store(sgir, static_cast<std::uint32_t>(request));
                  const auto acknowledged = gic::acknowledge();
                  expect(acknowledged, own_sgi);
                  gic::end(acknowledged);
                  return span.ticks();
              }));
}

void measure_burst(const Board& board, unsigned samples)
{
    const auto block = gic::distributor();
    const auto pending = block.base() + Gicd::ISPENDR[first_of_burst.value / 32].offset;
    if (gic::interrupts() < first_of_burst.value + burst_size) return;
    for (unsigned n = 0; n < burst_size; ++n) {
        const Intid intid{first_of_burst.value + n};
        gic::set_trigger({.intid = intid, .trigger = Trigger::edge});
        gic::set_priority(intid, burst_priority(n));
        gic::route_here(intid);
        gic::enable(intid);
    }
    // If the writes to ISPENDR do nothing, this one comes instead.
    const auto timer = board.timer(TimerKind::virtual_timer);
    gic::enable(timer.intid);

    const LatencyProbe probe;
    const Timer clock{TimerKind::virtual_timer};
    Series first;
    Series all;
    bool in_order = true;
    for (unsigned round = 0; round < warm_up_rounds + samples; ++round) {
        clock.start(clock.now() + ticks_of(10'000));
        const auto span = probe.store(pending, (1U << burst_size) - 1);
        for (unsigned n = 0; n < burst_size; ++n) {
            if (n != 0) (void)probe.wait(Wait::busy);
            const auto acknowledged = gic::acknowledge();
            gic::end(acknowledged);
            if (acknowledged.intid() == timer.intid) {
                clock.stop();
                print("bench: row=burst_first lost after=", n, "\n");
                return;
            }
            in_order =
                in_order && acknowledged.intid().value == first_of_burst.value + burst_size - 1 - n;
        }
        const auto over = clock.now();
        clock.stop();
        if (round < warm_up_rounds) continue;
        first.add(nanoseconds(span.ticks()));
        all.add(nanoseconds(over - span.begin));
    }
    gic::disable(timer.intid);
    const auto remark = in_order ? " order=priority" : " order=other";
    print_row("burst_first", first, remark);
    print_row("burst_all", all, remark);
}

} // namespace

/// A PL031 (ARM DDI 0224, 3.2) whose alarm is for this very second interrupts with the write.
void measure_device(const Board& board, unsigned samples)
{
    constexpr At<std::uint32_t> data{0x00};
    constexpr At<std::uint32_t> match{0x04};
    constexpr At<std::uint32_t> mask{0x10};
    constexpr At<std::uint32_t> clear{0x1c};
    if (board.clock_registers.size == 0) stop("rows=device takes a PL031");
    const RegisterBlock clock{board.clock_registers.start};
    const auto interrupt = board.clock_interrupt;
    const LatencyProbe probe;
    gic::set_trigger(interrupt);
    gic::route_here(interrupt.intid);
    gic::enable(interrupt.intid);
    clock.write(mask, 1U);
    print_row("device_spi", measure(samples, [&] {
                  const auto now = clock.read(data);
                  const auto span = probe.store(clock.base() + match.offset, now);
                  const auto acknowledged = gic::acknowledge();
                  clock.write(clear, 1U);
                  expect(acknowledged, interrupt.intid);
                  gic::end(acknowledged);
                  return span.ticks();
              }));
    clock.write(mask, 0U);
    gic::disable(interrupt.intid);
}

void measure_virtual_timer(const Board& board, unsigned samples)
{
    constexpr auto vtimer = TimerKind::virtual_timer;
    measure_timer(board, vtimer, Wait::asleep, "vtimer_wfi", samples);
    measure_timer(board, vtimer, Wait::busy, "vtimer_busy", samples);
}

void let_time_pass(const Board& board, bool asleep, std::uint64_t milliseconds)
{
    const auto interrupt = board.timer(TimerKind::virtual_timer);
    const LatencyProbe probe;
    gic::enable(interrupt.intid);
    (void)probe.timer_expiry(TimerKind::virtual_timer, interrupt, ticks_of(milliseconds * 1000),
                             asleep ? Wait::asleep : Wait::busy);
}

void measure_interrupts(const Board& board, unsigned samples)
{
    constexpr auto ptimer = TimerKind::physical_timer;
    measure_virtual_timer(board, samples);
    measure_timer(board, ptimer, Wait::asleep, "ptimer_wfi", samples);
    measure_timer(board, ptimer, Wait::busy, "ptimer_busy", samples);
    measure_own_sgi(samples);
    measure_burst(board, samples);
}

} // namespace bulkhead::guest
