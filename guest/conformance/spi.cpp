// Shared interrupts: made pending by software, edge and level (IHI 0048, 3.2; IHI 0069, 4.1.2).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/cpu.hpp"
#include "kit/gic.hpp"

#include <atomic>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

Intid edge_interrupt()
{
    const auto intid = the_spare_spi();
    gic::set_trigger({.intid = intid, .trigger = Trigger::edge});
    enable(intid);
    return intid;
}

void check_comes_once(Intid intid)
{
    gic::set_pending(intid);
    const auto taken = take();
    expect_equal("the interrupt", taken.intid().value, intid.value);
    expect("active when acknowledged", is_active(intid));
    expect("not pending when acknowledged", !is_pending(intid));
    machine::end(taken);
    expect("it came once", stays_quiet());
}

void edge_comes_once() { check_comes_once(edge_interrupt()); }

void level_comes_once()
{
    // Pending by software with the line low: acknowledging ends it (IHI 0069, 4.1.2).
    const auto intid = the_spare_spi();
    enable(intid);
    check_comes_once(intid);
}

void clearing_pending_withdraws()
{
    const auto intid = edge_interrupt();
    gic::set_pending(intid);
    expect("it is signalled", comes());
    clear_pending(intid);
    expect("ICPENDR withdraws it", within(soon, [] { return !signalled(); }));
    expect("it is not pending", !is_pending(intid));
    expect_equal("acknowledge", machine::acknowledge().intid().value, 1023);
}

void disabled_waits()
{
    const auto intid = edge_interrupt();
    gic::disable(intid);
    gic::set_pending(intid);
    expect("nothing is signalled while disabled", stays_quiet());
    gic::enable(intid);
    const auto taken = take();
    expect_equal("the interrupt once enabled", taken.intid().value, intid.value);
    machine::end(taken);
}

void disabling_withdraws()
{
    const auto intid = edge_interrupt();
    gic::set_pending(intid);
    expect("it is signalled", comes());
    gic::disable(intid);
    expect("ICENABLER withdraws it", within(soon, [] { return !signalled(); }));
    expect("it stays pending", is_pending(intid));
    gic::enable(intid);
    const auto taken = take();
    expect_equal("the interrupt once enabled again", taken.intid().value, intid.value);
    machine::end(taken);
}

void edge_while_active_comes_again()
{
    const auto intid = edge_interrupt();
    gic::set_pending(intid);
    const auto first = take();
    gic::set_pending(intid);
    expect("pending and active", is_pending(intid) && is_active(intid));
    expect("nothing is signalled while it is active", stays_quiet());
    machine::end(first);
    const auto second = take();
    expect_equal("the second", second.intid().value, intid.value);
    machine::end(second);
    expect("there is no third", stays_quiet());
}

void made_active_it_waits()
{
    const auto intid = edge_interrupt();
    set_active(intid);
    gic::set_pending(intid);
    expect("nothing is signalled while active", stays_quiet());
    clear_active(intid);
    const auto taken = take();
    expect_equal("the interrupt once deactivated", taken.intid().value, intid.value);
    machine::end(taken);
}

void clearing_active_of_a_running_one()
{
    const auto intid = edge_interrupt();
    gic::set_pending(intid);
    const auto first = take();
    clear_active(intid);
    expect("not active after ICACTIVER", !is_active(intid));
    machine::end(first); // the priority still has to be dropped
    gic::set_pending(intid);
    const auto second = take();
    expect_equal("the next", second.intid().value, intid.value);
    machine::end(second);
}

void many_in_a_row()
{
    const auto intid = edge_interrupt();
    for (unsigned n = 0; n < 1000; ++n) {
        gic::set_pending(intid);
        const auto taken = take();
        if (taken.intid() != intid) {
            expect_equal("rounds until one was lost", n, 1000U);
            return;
        }
        machine::end(taken);
    }
}

// -- on the other CPU

constinit std::atomic<bool> ready{false};
constinit std::atomic<std::uint32_t> other_got{0};
constinit std::atomic<std::uint32_t> routed{0};

void take_one()
{
    gic::route_here({routed.load()});
    ready = true;
    const auto taken = take();
    other_got = taken.intid().value;
    machine::end(taken);
}

void routed_to_the_other_cpu()
{
    const auto intid = edge_interrupt();
    ready = false;
    routed = intid.value;
    expect("CPU 1 starts", start_second_cpu(take_one));
    expect("CPU 1 is ready", within(soon, [] { return ready.load(); }));
    gic::set_pending(intid);
    expect("CPU 1 ends", second_cpu_ends());
    expect_equal("what CPU 1 got", other_got.load(), intid.value);
    expect("this CPU gets nothing", stays_quiet());
}

void pending_moves_with_its_route()
{
    // Pending for this CPU, then routed to the other: that one gets it (IHI 0069, GICD_IROUTER).
    const auto intid = edge_interrupt();
    gic::set_pending(intid);
    expect("it is signalled here", comes());
    ready = false;
    routed = intid.value;
    expect("CPU 1 starts", start_second_cpu(take_one));
    expect("CPU 1 ends", second_cpu_ends());
    expect_equal("what CPU 1 got", other_got.load(), intid.value);
    expect("this CPU gets nothing more", stays_quiet());
}

constexpr Check checks[] = {
    {"spi.edge_comes_once", edge_comes_once, Needs::spare_spi},
    {"spi.level_made_pending_comes_once", level_comes_once, Needs::spare_spi},
    {"spi.clearing_pending_withdraws", clearing_pending_withdraws, Needs::spare_spi},
    {"spi.disabled_waits", disabled_waits, Needs::spare_spi},
    {"spi.disabling_withdraws", disabling_withdraws, Needs::spare_spi},
    {"spi.edge_while_active_comes_again", edge_while_active_comes_again, Needs::spare_spi},
    {"spi.made_active_it_waits", made_active_it_waits, Needs::spare_spi},
    {"spi.clearing_active_of_a_running_one", clearing_active_of_a_running_one, Needs::spare_spi},
    {"spi.many_in_a_row", many_in_a_row, Needs::spare_spi},
    {"spi.routed_to_the_other_cpu", routed_to_the_other_cpu, Needs::spare_spi_two_cpus},
    {"spi.pending_moves_with_its_route", pending_moves_with_its_route, Needs::spare_spi_two_cpus},
};

} // namespace

constinit const Group spi_group = checks;

} // namespace bulkhead::guest::conformance
