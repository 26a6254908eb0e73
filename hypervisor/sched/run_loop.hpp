#pragma once

#include "machine/guest_registers.hpp"
#include "machine/guest_state.hpp"
#include "sched/unit.hpp"

namespace bulkhead::sched {

/// Decides what the calling CPU runs next, until it has something to run whose attention is clear;
/// its registers are then on the CPU. This is where a CPU without work sleeps.
void run(machine::GuestRegisters& registers);
/// The CPU asks its scheduler again, soon. Any CPU.
void ask_to_pick(CpuId cpu);

/// The calling CPU's unit waits for an interrupt, from when the CPU is about to return to it.
void block(Unit& own);
/// The calling CPU's unit lets others run first.
void give_way(Unit& own);
/// A unit does not go on. True: it is down already, else the CPU that has it lets go of it soon
/// (went_down).
[[nodiscard]] bool switch_off(Unit& unit);
/// Makes a unit that is down runnable. Its registers were set by the caller.
void start(Unit& unit);
/// Makes a unit that is down work() when it is its turn.
void start_work(Unit& unit);

// What the run loop asks of the room that units belong to (domain/).

/// Brings the list registers of the loaded unit up to date.
void refresh_interrupts(Unit& unit);
/// Would the loaded unit leave a WFI?
bool has_interrupt(Unit& unit);
/// When a timer of a unit that is off its CPU will signal; or has already, or never.
Ticks timer_deadline(Unit& unit);
/// The unit's registers come onto this CPU, or leave it; `state` is theirs.
machine::GuestState& guest_state(Unit& unit);
void entered(Unit& unit);
void leaving(Unit& unit);
/// The CPU is the unit's from now on, which was another's or nobody's.
void has_cpu(Unit& unit);
/// The unit is down now, and nothing of it is left on any CPU.
void went_down(Unit& unit);
/// What start_work() asked for. True: there is more to do.
bool work(Unit& unit);

} // namespace bulkhead::sched
