// Two of these ring each other by an event channel between their domains.
//
// Command line: role=ring|answer rounds=1000 port=1
// `ring` sends, waits asleep for the answer, and says how long that took; then it sends until it is
// told that nobody is there any more. `answer` sends back what it gets, `rounds` times, and ends.
// Where they have shared memory, `ring` writes another pattern to it each time, which `answer` has
// to find there and inverts, and `ring` to find inverted.

#include "kit/barrier.hpp"
#include "kit/board.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/interrupts.hpp"
#include "kit/print.hpp"
#include "kit/stop.hpp"
#include "kit/timer.hpp"
#include "kit/xen_events.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace bulkhead::guest {
namespace {

constexpr std::int64_t not_connected = -107; // ENOTCONN
constexpr std::uint64_t ns_per_second = 1'000'000'000;

constinit volatile std::uint64_t rung = 0;
constinit xen_events::Port own_port = 0;

void count(xen_events::Port port)
{
    if (port == own_port) rung = rung + 1;
}

/// With interrupts masked before and after.
void wait_for_ring(std::uint64_t before)
{
    while (rung == before) {
        wait_for_interrupt();
        unmask_interrupts();
        instruction_barrier();
        mask_interrupts();
    }
}

void send()
{
    const auto result = xen_events::send(own_port);
    if (result == 0) return;
    print("bell: sending says ", result, "\n");
    stop("the event channel cannot be used");
}

/// The shared memory; none.
constinit std::span<volatile std::uint64_t> shared;

std::uint64_t pattern(std::uint64_t round, std::size_t word)
{
    return (round + 1) * 0x9e37'79b9'7f4a'7c15 + word;
}

void write_pattern(std::uint64_t round, std::uint64_t inverted)
{
    for (std::size_t word = 0; word < shared.size(); ++word)
        shared[word] = pattern(round, word) ^ inverted;
}

void expect_pattern(std::uint64_t round, std::uint64_t inverted)
{
    for (std::size_t word = 0; word < shared.size(); ++word)
        if (shared[word] != (pattern(round, word) ^ inverted)) {
            print("bell: round ", round, ": word ", word, " is ", hex(shared[word]), "\n");
            stop("the shared memory has something else");
        }
}

struct Spread {
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t sum = 0;
    std::uint64_t most = 0;

    void add(std::uint64_t ticks)
    {
        least = std::min(least, ticks);
        sum += ticks;
        most = std::max(most, ticks);
    }
    void show(const char* what, std::uint64_t count) const
    {
        const auto ns = [](std::uint64_t ticks) {
            return ticks * ns_per_second / Timer::frequency();
        };
        print("bell: ", what, " count=", count, " min=", ns(least), " avg=", ns(sum) / count,
              " max=", ns(most), " unit=ns\n");
    }
};

void ring(std::uint64_t rounds)
{
    const Timer timer{TimerKind::virtual_timer};
    Spread sends;
    Spread trips;
    for (std::uint64_t n = 0; n < rounds; ++n) {
        const auto before = rung;
        write_pattern(n, 0);
        const auto start = timer.now();
        send();
        const auto sent = timer.now();
        wait_for_ring(before);
        const auto answered = timer.now();
        expect_pattern(n, ~std::uint64_t{0});
        // The first may have to wait for the other guest to start.
        if (n == 0) continue;
        sends.add(sent - start);
        trips.add(answered - start);
    }
    sends.show("send", rounds - 1);
    trips.show("round trip", rounds - 1);
    while (xen_events::send(own_port) != not_connected)
        continue;
    print("bell: nobody is there any more\n");
}

void answer(std::uint64_t rounds)
{
    for (std::uint64_t n = 0; n < rounds; ++n) {
        wait_for_ring(n);
        expect_pattern(n, 0);
        write_pattern(n, ~std::uint64_t{0});
        send();
    }
    print("bell: answered ", rounds, " times\n");
}

} // namespace

void guest_main(const Board& board)
{
    const auto rounds = std::max<std::uint64_t>(board.command_line.number("rounds", 1000), 2);
    own_port = static_cast<xen_events::Port>(board.command_line.number("port", 1));
    if (const auto& memory = board.shared_memory; memory.size != 0) {
        // Enough to cross a page, and little enough to be quick.
        constexpr std::size_t most_words = 520;
        shared = {reinterpret_cast<volatile std::uint64_t*>(memory.start),
                  std::min<std::size_t>(memory.size / sizeof(std::uint64_t), most_words)};
        print("bell: shared memory at ", hex(memory.start), "\n");
    }
    if (!board.in_xen_domain) stop("there is no /hypervisor node: this is no domain with events");
    gic::start(board.gic);
    interrupts::start();
    if (const auto result = xen_events::start(count); result != 0) {
        print("bell: shared_info is refused: ", result, "\n");
        stop("no events");
    }
    if (const auto result = xen_events::unmask(own_port); result != 0)
        stop("the port cannot be unmasked");
    if (board.command_line.value("role") == "answer")
        answer(rounds);
    else
        ring(rounds);
}

} // namespace bulkhead::guest
