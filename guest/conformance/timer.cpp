// The generic timer at EL1, virtual and physical alike (Arm ARM, "The Generic Timer in AArch64
// state").

#include "kit/timer.hpp"
#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/system_register.hpp"

#include <algorithm>
#include <atomic>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

constexpr std::uint64_t enable_mask = TimerControl::ENABLE::mask;
constexpr std::uint64_t imask = TimerControl::IMASK::mask;

std::uint64_t ticks(std::uint64_t microseconds)
{
    return microseconds * Timer::frequency() / 1'000'000;
}

bool condition_met(const Timer& timer) { return TimerControl::ISTATUS::of(timer.control()); }

template <TimerKind kind>
constexpr Timer the_timer{kind};

template <TimerKind kind>
Intid the_interrupt()
{
    return board().timer(kind).intid;
}

void frequency_is_known()
{
    const auto frequency = Timer::frequency();
    expect("CNTFRQ_EL0 is between 1 MHz and 1 GHz",
           frequency >= 1'000'000 && frequency <= 1'000'000'000);
}

template <TimerKind kind>
void counter_only_rises()
{
    auto last = the_timer<kind>.now();
    const auto start = last;
    for (unsigned n = 0; n < 1000; ++n) {
        const auto now = the_timer<kind>.now();
        expect("the counter never goes back", now >= last);
        last = now;
    }
    expect("the counter advances", within(soon, [start] { return the_timer<kind>.now() > start; }));
}

/// CNTPCT_EL0 - CNTVCT_EL0: of several pairs of readings the one with the least time in between.
std::int64_t distance_of_counters()
{
    std::int64_t greatest = 0;
    for (unsigned n = 0; n < 20; ++n) {
        instruction_barrier();
        const auto physical = CNTPCT_EL0::read();
        instruction_barrier();
        const auto virtual_count = CNTVCT_EL0::read();
        const auto distance = static_cast<std::int64_t>(physical - virtual_count);
        greatest = n == 0 ? distance : std::max(greatest, distance);
    }
    return greatest;
}

void counters_keep_their_distance()
{
    const auto first = distance_of_counters();
    within(1000, [] { return false; });
    const auto moved = distance_of_counters() - first;
    const auto limit = static_cast<std::int64_t>(ticks(500));
    expect("CNTPCT_EL0 - CNTVCT_EL0 stays", moved > -limit && moved < limit);
}

template <TimerKind kind>
void past_deadline_is_met()
{
    const auto& timer = the_timer<kind>;
    timer.set_compare(timer.now() - 1);
    timer.set_control(enable_mask | imask);
    expect("ISTATUS is 1", condition_met(timer));
    timer.set_compare(0);
    expect("ISTATUS is 1 for CVAL = 0", condition_met(timer));
}

template <TimerKind kind>
void future_deadline_is_not_met()
{
    const auto& timer = the_timer<kind>;
    timer.set_control(enable_mask | imask);
    timer.set_compare(timer.now() + ticks(1'000'000));
    expect("ISTATUS is 0 for a second from now", !condition_met(timer));
    timer.set_compare(timer.now() + (1ULL << 55U));
    expect("ISTATUS is 0 for years from now", !condition_met(timer));
    // QEMU before 8.2 loops for ever when CVAL + CNTVOFF_EL2 overflows, so not the virtual timer.
    if (kind == TimerKind::virtual_timer) return;
    timer.set_compare(~0ULL >> 1U);
    expect("ISTATUS is 0 for the middle of time", !condition_met(timer));
    timer.set_compare(~0ULL);
    expect("ISTATUS is 0 for the end of time", !condition_met(timer));
}

template <TimerKind kind>
void registers_read_back()
{
    const auto& timer = the_timer<kind>;
    constexpr std::uint64_t value = 0x0123'4567'89ab'cdef;
    timer.set_compare(value);
    expect_equal("CVAL", timer.compare(), value);
    timer.set_control(imask);
    expect_equal("CTL, masked", timer.control() & 3U, imask);
    timer.set_control(enable_mask | imask);
    expect_equal("CTL, enabled and masked", timer.control() & 3U, enable_mask | imask);
    timer.set_control(0);
    expect_equal("CTL, off", timer.control() & 3U, 0);
}

template <TimerKind kind>
void distance_is_signed()
{
    const auto& timer = the_timer<kind>;
    timer.set_control(enable_mask | imask);
    const auto ahead = static_cast<std::int32_t>(ticks(100'000));
    const auto before = timer.now();
    timer.set_distance(ahead);
    const auto compare = timer.compare();
    const auto after = timer.now();
    expect("CVAL is the counter and TVAL",
           compare >= before + static_cast<std::uint32_t>(ahead) &&
               compare <= after + static_cast<std::uint32_t>(ahead));
    const auto left = timer.distance();
    expect("TVAL counts down", left <= ahead && left > 0);
    timer.set_distance(-1);
    expect("ISTATUS is 1 for TVAL = -1", condition_met(timer));
    expect("TVAL reads below zero", timer.distance() < 0);
}

template <TimerKind kind>
void status_is_seen_while_masked()
{
    // As firmware and boot loaders use it: polled, no interrupt anywhere.
    const auto& timer = the_timer<kind>;
    timer.start(timer.now() + ticks(1000));
    expect("ISTATUS becomes 1", within(soon, [] { return condition_met(the_timer<kind>); }));
    expect_equal("CTL as it was written", timer.control() & 3U, enable_mask);
}

template <TimerKind kind>
void control_is_kept_when_it_fires()
{
    // The interrupt is signalled but the CPU masks it: nobody may change IMASK meanwhile.
    const auto& timer = the_timer<kind>;
    enable(the_interrupt<kind>());
    timer.start(timer.now() + ticks(1000));
    expect("it is signalled", comes());
    within(1000, [] { return false; });
    expect_equal("CTL", timer.control(), enable_mask | TimerControl::ISTATUS::mask);
}

template <TimerKind kind>
void interrupt_comes_at_the_deadline()
{
    const auto& timer = the_timer<kind>;
    enable(the_interrupt<kind>());
    const auto deadline = timer.now() + ticks(1000);
    timer.start(deadline);
    const auto taken = take();
    expect_equal("the interrupt", taken.intid().value, the_interrupt<kind>().value);
    expect("not before the deadline", timer.now() >= deadline);
    timer.stop();
    machine::end(taken);
    expect("it came once", stays_quiet());
}

template <TimerKind kind>
void interrupt_is_level()
{
    // Ended with the condition still met, it comes again; with the condition gone, at most the one
    // that was already on its way.
    const auto& timer = the_timer<kind>;
    enable(the_interrupt<kind>());
    timer.start(timer.now());
    for (unsigned n = 0; n < 3; ++n) {
        const auto taken = take();
        if (taken.intid() != the_interrupt<kind>()) {
            expect_equal("interrupts until it stopped though the condition is met", n, 3U);
            return;
        }
        machine::end(taken);
    }
    timer.stop();
    if (const auto late = machine::acknowledge(); !late.intid().is_special()) machine::end(late);
    expect("none comes once it is stopped", stays_quiet());
}

template <TimerKind kind>
void masked_timer_is_silent()
{
    const auto& timer = the_timer<kind>;
    enable(the_interrupt<kind>());
    timer.set_compare(timer.now());
    timer.set_control(enable_mask | imask);
    expect("ISTATUS is 1", condition_met(timer));
    expect("IMASK keeps it from the GIC", stays_quiet());
    timer.set_control(enable_mask);
    const auto taken = take();
    expect_equal("the interrupt once unmasked", taken.intid().value, the_interrupt<kind>().value);
    timer.stop();
    machine::end(taken);
}

template <TimerKind kind>
void disabled_timer_is_silent()
{
    const auto& timer = the_timer<kind>;
    enable(the_interrupt<kind>());
    timer.set_compare(timer.now());
    timer.set_control(0);
    expect("nothing is signalled", stays_quiet());
}

template <TimerKind kind>
void interrupt_disabled_at_the_gic_waits()
{
    const auto& timer = the_timer<kind>;
    gic::disable(the_interrupt<kind>());
    timer.start(timer.now());
    expect("nothing is signalled", stays_quiet());
    expect("but it is pending", is_pending(the_interrupt<kind>()));
    enable(the_interrupt<kind>());
    const auto taken = take();
    expect_equal("the interrupt once enabled", taken.intid().value, the_interrupt<kind>().value);
    timer.stop();
    machine::end(taken);
}

// -- a periodic tick as an OS programs it

constinit std::atomic<unsigned> tick_count{0};
constinit std::uint64_t next_deadline = 0;
constinit std::atomic<bool> early{false};

template <TimerKind kind>
void on_tick()
{
    const auto taken = machine::acknowledge();
    if (taken.intid().is_special()) return;
    const auto& timer = the_timer<kind>;
    if (timer.now() < next_deadline) early = true;
    next_deadline += ticks(500);
    timer.start(next_deadline);
    tick_count.fetch_add(1);
    machine::end(taken);
}

template <TimerKind kind>
void periodic_ticks_are_complete()
{
    const auto& timer = the_timer<kind>;
    tick_count = 0;
    early = false;
    set_interrupt_handler(on_tick<kind>);
    enable(the_interrupt<kind>());
    next_deadline = timer.now() + ticks(500);
    timer.start(next_deadline);
    unmask_interrupts();
    constexpr unsigned wanted = 50;
    within(soon, [] { return tick_count.load() >= wanted; });
    mask_interrupts();
    timer.stop();
    expect("50 ticks of half a millisecond come", tick_count.load() >= wanted);
    expect("none is early", !early);
}

void both_run_at_once()
{
    enable(the_interrupt<TimerKind::virtual_timer>());
    enable(the_interrupt<TimerKind::physical_timer>());
    const auto& first = the_timer<TimerKind::physical_timer>;
    const auto& second = the_timer<TimerKind::virtual_timer>;
    first.start(first.now() + ticks(500));
    second.start(second.now() + ticks(200'000));
    const auto physical = take();
    expect_equal("the first", physical.intid().value,
                 the_interrupt<TimerKind::physical_timer>().value);
    first.stop();
    machine::end(physical);
    const auto virtual_one = take();
    expect_equal("the second", virtual_one.intid().value,
                 the_interrupt<TimerKind::virtual_timer>().value);
    second.stop();
    machine::end(virtual_one);
}

constinit std::atomic<std::uint64_t> other_count{0};
constinit std::atomic<std::uint64_t> other_frequency{0};
constinit std::atomic<bool> other_timer_came{false};

void use_own_timer()
{
    other_frequency = Timer::frequency();
    other_count = the_timer<TimerKind::virtual_timer>.now();
    const auto& timer = the_timer<TimerKind::virtual_timer>;
    gic::enable(the_interrupt<TimerKind::virtual_timer>());
    timer.start(timer.now() + ticks(500));
    const auto taken = take();
    other_timer_came = taken.intid() == the_interrupt<TimerKind::virtual_timer>();
    timer.stop();
    machine::end(taken);
}

void every_cpu_has_its_own()
{
    other_timer_came = false;
    enable(the_interrupt<TimerKind::virtual_timer>());
    const auto before = the_timer<TimerKind::virtual_timer>.now();
    expect("CPU 1 starts", start_second_cpu(use_own_timer));
    expect("CPU 1 ends", second_cpu_ends());
    const auto after = the_timer<TimerKind::virtual_timer>.now();
    expect_equal("CNTFRQ_EL0 of CPU 1", other_frequency.load(), Timer::frequency());
    expect("the counters are one", other_count >= before && other_count <= after);
    expect("CPU 1's timer interrupts CPU 1", other_timer_came);
    expect("and not this one", stays_quiet());
}

constexpr auto v = TimerKind::virtual_timer;
constexpr auto p = TimerKind::physical_timer;

constexpr Check checks[] = {
    {"timer.frequency_is_known", frequency_is_known},
    {"timer.counters_keep_their_distance", counters_keep_their_distance},
    {"timer.virtual_counter_only_rises", counter_only_rises<v>},
    {"timer.physical_counter_only_rises", counter_only_rises<p>},
    {"timer.virtual_past_deadline_is_met", past_deadline_is_met<v>},
    {"timer.physical_past_deadline_is_met", past_deadline_is_met<p>},
    {"timer.virtual_future_deadline_is_not_met", future_deadline_is_not_met<v>},
    {"timer.physical_future_deadline_is_not_met", future_deadline_is_not_met<p>},
    {"timer.virtual_registers_read_back", registers_read_back<v>},
    {"timer.physical_registers_read_back", registers_read_back<p>},
    {"timer.virtual_distance_is_signed", distance_is_signed<v>},
    {"timer.physical_distance_is_signed", distance_is_signed<p>},
    {"timer.virtual_status_is_seen_while_masked", status_is_seen_while_masked<v>},
    {"timer.physical_status_is_seen_while_masked", status_is_seen_while_masked<p>},
    {"timer.virtual_control_is_kept_when_it_fires", control_is_kept_when_it_fires<v>},
    {"timer.physical_control_is_kept_when_it_fires", control_is_kept_when_it_fires<p>},
    {"timer.virtual_interrupt_comes_at_the_deadline", interrupt_comes_at_the_deadline<v>},
    {"timer.physical_interrupt_comes_at_the_deadline", interrupt_comes_at_the_deadline<p>},
    {"timer.virtual_interrupt_is_level", interrupt_is_level<v>},
    {"timer.physical_interrupt_is_level", interrupt_is_level<p>},
    {"timer.virtual_masked_is_silent", masked_timer_is_silent<v>},
    {"timer.physical_masked_is_silent", masked_timer_is_silent<p>},
    {"timer.virtual_disabled_is_silent", disabled_timer_is_silent<v>},
    {"timer.physical_disabled_is_silent", disabled_timer_is_silent<p>},
    {"timer.virtual_interrupt_disabled_at_the_gic_waits", interrupt_disabled_at_the_gic_waits<v>},
    {"timer.physical_interrupt_disabled_at_the_gic_waits", interrupt_disabled_at_the_gic_waits<p>},
    {"timer.virtual_periodic_ticks_are_complete", periodic_ticks_are_complete<v>},
    {"timer.physical_periodic_ticks_are_complete", periodic_ticks_are_complete<p>},
    {"timer.both_run_at_once", both_run_at_once},
    {"timer.every_cpu_has_its_own", every_cpu_has_its_own, Needs::two_cpus},
};

} // namespace

constinit const Group timer_group = checks;

} // namespace bulkhead::guest::conformance
