// A bad neighbour, for the others' latency to be measured beside: it does one thing without end.
//
// Command line: kind=cpu|timer|hypercall|console period-us=20

#include "kit/barrier.hpp"
#include "kit/board.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/hypercall.hpp"
#include "kit/interrupts.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"

#include <atomic>

namespace bulkhead::guest {
namespace {

constinit std::uint64_t period = 0;
constinit std::atomic<std::uint64_t> rounds{0};

void work()
{
    for (;;)
        rounds.fetch_add(1, std::memory_order_relaxed);
}

void call()
{
    for (;;)
        (void)hypercall(HypercallNumber::xen_version);
}

void talk()
{
    for (;;)
        print("storm: line ", rounds.fetch_add(1, std::memory_order_relaxed), "\n");
}

void on_timer()
{
    const Timer timer{TimerKind::virtual_timer};
    timer.start(timer.now() + period);
}

void tick(const Board& board)
{
    const auto interrupt = board.timer(TimerKind::virtual_timer);
    interrupts::start();
    interrupts::attach(interrupt.intid, on_timer);
    gic::enable(interrupt.intid);
    on_timer();
    unmask_interrupts();
    for (;;)
        wait_for_interrupt();
}

} // namespace

void guest_main(const Board& board)
{
    const auto kind = board.command_line.value("kind").value_or("cpu");
    period = board.command_line.number("period-us", 20) * Timer::frequency() / 1'000'000;
    if (board.gic.version == gic::Version::none)
        stop("the device tree has no arm,gic-v3, arm,gic-400 or arm,cortex-a15-gic");
    gic::start(board.gic);
    print("storm: ", kind, "\n");
    if (kind == "cpu") work();
    if (kind == "timer") tick(board);
    if (kind == "hypercall") call();
    if (kind == "console") talk();
    stop("kind= has to be cpu, timer, hypercall or console");
}

} // namespace bulkhead::guest
