// A guest that does whatever it can, by a seed: what its neighbours and the hypervisor must not
// notice. It recovers from its own exceptions; when it cannot, its watchdog ends this life, and a
// restart begins another one.
//
// Command line: seed=1 tell=0 tame=0
// A life's numbers follow from the seed and from when it began, so that lives differ and that a run
// under -icount repeats itself. tell=1 prints each act before it is tried.

#include "kit/board.hpp"
#include "kit/cpu.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/print.hpp"
#include "rogue/acts.hpp"
#include "rogue/targets.hpp"

namespace bulkhead::guest {
namespace {

using namespace rogue;

constexpr std::uint32_t watchdog = 0x8200'3d06; // "arm,smc-wdt"
constexpr std::uint64_t pet = 3;

constinit std::uint64_t life = 0;
constinit bool tells = false;
constinit gic::Description board_gic;

const Act& choose(Random& random)
{
    const std::span<const Act> groups[] = {instruction_acts(), call_acts(), machine_acts()};
    unsigned sum = 0;
    for (const auto group : groups)
        for (const auto& act : group)
            sum += act.weight;
    auto left = random.below(sum);
    for (const auto group : groups)
        for (const auto& act : group) {
            if (left < act.weight) return act;
            left -= act.weight;
        }
    return groups[0].front();
}

/// What waits is taken, or the next attempt would end before it began; and the timer that ends
/// attempts can interrupt again.
void calm_down()
{
    Timer{TimerKind::virtual_timer}.stop();
    Timer{TimerKind::physical_timer}.stop();
    for (unsigned n = 0; n < 16; ++n) {
        const auto interrupt = gic::acknowledge();
        if (interrupt.intid().is_special()) break;
        gic::end(interrupt);
    }
    gic::start_cpu();
    gic::enable(ppi(11));
}

void misbehave()
{
    attempt(calm_down);
    const auto cpu = Cpu::current();
    Random random{life + cpu};
    for (std::uint64_t number = 0;; ++number) {
        smccc_call(Conduit::smc, watchdog, pet);
        const auto& act = choose(random);
        if (tells) print("rogue: CPU ", cpu, " ", number, ": ", act.name, "\n");
        attempt([&] {
            // An act has a few microseconds until the timer ends it.
            const Timer timer{TimerKind::virtual_timer};
            timer.start(timer.now() + Timer::frequency() / 20'000);
            act.run(random);
        });
        attempt(calm_down);
        if (cpu != 0 || !random.one_in(16)) continue;
        attempt([&] {
            if (Cpu::count() > 1) (void)Cpu::start(1 + random.number(Cpu::count() - 1), misbehave);
            if (random.one_in(8)) gic::start(board_gic);
        });
    }
}

} // namespace

void guest_main(const Board& board)
{
    const auto seed = board.command_line.number("seed", 1);
    life = board.command_line.number("life", Random{seed + board.entered_at}.next());
    tells = board.command_line.number("tell", 0) != 0;
    print("rogue: seed ", seed, ", life ", life, "\n");
    board_gic = board.gic;
    gic::start(board.gic);
    prepare_rescue(make_wide_table(board, board.command_line.number("tame", 0) != 0));
    misbehave();
}

} // namespace bulkhead::guest
