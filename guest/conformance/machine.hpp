#pragma once

#include "conformance/check.hpp"
#include "kit/board.hpp"
#include "kit/gic.hpp"
#include "kit/interrupt.hpp"
#include "kit/timer.hpp"

#include <cstdint>
#include <optional>

/// What the checks share: the machine in a known state, and watching it.
namespace bulkhead::guest::conformance::machine {

void set_board(const Board& board);
const Board& board();

/// The state every check starts from: interrupts masked, GIC as gic::start leaves it, timers off,
/// UART interrupts masked.
void reset();

/// Why a check cannot run here; nullptr when it can.
const char* lacks(Needs needs);

/// An implemented shared interrupt that no device drives; the n-th such.
std::optional<Intid> spare_spi(unsigned n = 0);
/// For checks that need one.
Intid the_spare_spi();

bool hypervisor_answers();

// -- waiting; in microseconds of the counter

constexpr std::uint64_t soon = 500'000;
/// How long nothing must happen to say that nothing happens.
constexpr std::uint64_t a_while = 100;

/// Whether `condition` comes true within `microseconds`.
template <class Condition>
bool within(std::uint64_t microseconds, Condition condition)
{
    const Timer timer{TimerKind::virtual_timer};
    const auto end = timer.now() + microseconds * Timer::frequency() / 1'000'000;
    while (!condition()) {
        if (timer.now() > end) return condition();
        relax();
    }
    return true;
}

// -- interrupts, looked at without taking them: IRQs stay masked

/// An interrupt is signalled to this CPU (ISR_EL1.I).
bool signalled();
/// One comes soon.
bool comes();
/// None comes.
bool stays_quiet();
/// Acknowledge, and remember it until its end(): reset() ends what a failing check has left.
gic::Acknowledged acknowledge();
void end(gic::Acknowledged interrupt);
/// Acknowledge what is signalled: its number, or 1023 if nothing comes soon.
gic::Acknowledged take();

bool is_enabled(Intid intid);
bool is_pending(Intid intid);
bool is_active(Intid intid);
void set_active(Intid intid);
void clear_active(Intid intid);
void clear_pending(Intid intid);
std::uint8_t priority_of(Intid intid);

/// An SGI to this CPU itself.
void send_to_self(Intid intid);
/// SGIs may be enabled for good (IHI 0048, 4.3.5); then what is said of disabled ones does not
/// apply.
bool sgis_can_be_disabled();
/// Have it enabled at a priority.
void enable(Intid intid, std::uint8_t priority = gic::default_priority);

// -- the second CPU

/// Start CPU 1: its part of the GIC, then function(). False when it does not start.
bool start_second_cpu(void (*function)());
/// It has powered off.
bool second_cpu_is_off();
/// function() has returned and CPU 1 is off, or is so soon.
bool second_cpu_ends();

} // namespace bulkhead::guest::conformance::machine
