// WFI and WFE: what must end them (Arm ARM, "Wait for Interrupt" and "Wait For Event").

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/timer.hpp"

#include <atomic>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

constexpr Timer timer{TimerKind::virtual_timer};

Intid timer_interrupt() { return board().virtual_timer.intid; }
std::uint64_t ticks(std::uint64_t microseconds)
{
    return microseconds * Timer::frequency() / 1'000'000;
}

constinit std::atomic<unsigned> handled{0};

void count_interrupt()
{
    const auto taken = machine::acknowledge();
    if (taken.intid().is_special()) return;
    if (taken.intid() == timer_interrupt()) timer.stop();
    handled.fetch_add(1);
    machine::end(taken);
}

void wfi_ends_by_masked_interrupt()
{
    enable(timer_interrupt());
    for (unsigned n = 0; n < 10; ++n) {
        const auto deadline = timer.now() + ticks(500);
        timer.start(deadline);
        while (timer.now() < deadline)
            wait_for_interrupt(); // may end early; must not end never
        const auto taken = take();
        expect_equal("the interrupt", taken.intid().value, timer_interrupt().value);
        timer.stop();
        machine::end(taken);
    }
}

void wfi_ends_by_unmasked_interrupt()
{
    handled = 0;
    set_interrupt_handler(count_interrupt);
    enable(timer_interrupt());
    for (unsigned n = 1; n <= 10; ++n) {
        timer.start(timer.now() + ticks(500));
        unmask_interrupts();
        while (handled.load() < n)
            wait_for_interrupt();
        mask_interrupts();
    }
    expect_equal("interrupts", handled.load(), 10U);
}

void wfi_with_one_pending_does_not_sleep()
{
    enable(sgi(1));
    send_to_self(sgi(1));
    expect("it is signalled", comes());
    wait_for_interrupt();
    wait_for_interrupt();
    machine::end(take());
}

void wfi_ignores_disabled_interrupts()
{
    if (!sgis_can_be_disabled()) return;
    // A disabled interrupt must not wake, or idling becomes a busy loop: the time passes asleep.
    const auto deadline = timer.now() + ticks(2000);
    enable(timer_interrupt());
    timer.start(deadline);
    gic::disable(sgi(1));
    send_to_self(sgi(1));
    unsigned woken = 0;
    while (timer.now() < deadline) {
        wait_for_interrupt();
        ++woken;
    }
    timer.stop();
    expect("WFI does not return again and again", woken < 1000);
}

void wfe_ends_by_own_event()
{
    for (unsigned n = 0; n < 10; ++n)
        asm volatile("sevl\n wfe" ::: "memory");
}

void wfe_ends_by_interrupt()
{
    // Taken or not: an unmasked interrupt ends a WFE.
    handled = 0;
    set_interrupt_handler(count_interrupt);
    enable(timer_interrupt());
    timer.start(timer.now() + ticks(500));
    unmask_interrupts();
    while (handled.load() == 0)
        wait_for_event();
    mask_interrupts();
    expect_equal("interrupts", handled.load(), 1U);
}

// -- between CPUs

constinit std::atomic<bool> ready{false};
constinit std::atomic<bool> go{false};
constinit std::atomic<bool> went{false};

void wait_for_go()
{
    ready = true;
    while (!go.load())
        wait_for_event();
    went = true;
    send_event();
}

void sev_wakes_the_other_cpu()
{
    ready = false;
    go = false;
    went = false;
    expect("CPU 1 starts", start_second_cpu(wait_for_go));
    expect("CPU 1 is ready", within(soon, [] { return ready.load(); }));
    within(a_while, [] { return false; }); // let it fall asleep
    go = true;
    send_event();
    expect("CPU 1 went on", within(soon, [] { return went.load(); }));
    expect("CPU 1 ends", second_cpu_ends());
}

void sleep_until_sgi()
{
    gic::enable(sgi(5));
    ready = true;
    while (!signalled())
        wait_for_interrupt();
    machine::end(machine::acknowledge());
    went = true;
}

void sgi_wakes_the_other_cpu()
{
    ready = false;
    went = false;
    expect("CPU 1 starts", start_second_cpu(sleep_until_sgi));
    expect("CPU 1 is ready", within(soon, [] { return ready.load(); }));
    within(a_while, [] { return false; });
    gic::send_sgi(sgi(5), 1);
    expect("CPU 1 went on", within(soon, [] { return went.load(); }));
    expect("CPU 1 ends", second_cpu_ends());
}

constexpr Check checks[] = {
    {"sleep.wfi_ends_by_masked_interrupt", wfi_ends_by_masked_interrupt},
    {"sleep.wfi_ends_by_unmasked_interrupt", wfi_ends_by_unmasked_interrupt},
    {"sleep.wfi_with_one_pending_does_not_sleep", wfi_with_one_pending_does_not_sleep},
    {"sleep.wfi_ignores_disabled_interrupts", wfi_ignores_disabled_interrupts},
    {"sleep.wfe_ends_by_own_event", wfe_ends_by_own_event},
    {"sleep.wfe_ends_by_interrupt", wfe_ends_by_interrupt},
    {"sleep.sev_wakes_the_other_cpu", sev_wakes_the_other_cpu, Needs::two_cpus},
    {"sleep.sgi_wakes_the_other_cpu", sgi_wakes_the_other_cpu, Needs::two_cpus},
};

} // namespace

constinit const Group sleep_group = checks;

} // namespace bulkhead::guest::conformance
