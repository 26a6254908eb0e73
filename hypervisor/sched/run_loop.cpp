#include "sched/run_loop.hpp"

#include "machine/cpu.hpp"
#include "machine/upcalls.hpp"
#include "sched/scheduler.hpp"
#include "sched/trace.hpp"

namespace bulkhead::sched {
namespace {

using machine::Attention;
using machine::RunningVcpu;

/// Behind a RunningVcpu with a guest there is always a Unit.
Unit* unit_of(RunningVcpu& running)
{
    return running.has_guest ? static_cast<Unit*>(&running) : nullptr;
}

bool take(RunningVcpu& running, Attention why)
{
    const auto mask = static_cast<std::uint32_t>(why);
    return (running.attention.fetch_and(~mask, std::memory_order_acquire) & mask) != 0;
}

/// Unless another CPU has switched it off meanwhile: that must not be lost.
void change(Unit& unit, Unit::State from, Unit::State to)
{
    unit.state.compare_exchange_strong(from, to);
}

/// The unit that was switched off leaves the CPU, and may be started anew from now on.
void let_go(Unit& unit)
{
    trace::record(trace::Stop::off, unit.name);
    leaving(unit);
    machine::discard_guest();
    machine::set_running_vcpu(machine::idle_vcpu());
    unit.state.store(Unit::State::down, std::memory_order_release);
    went_down(unit);
}

void switch_to(Unit& next, machine::GuestRegisters& registers)
{
    if (auto* old = unit_of(machine::running_vcpu())) {
        leaving(*old);
        machine::save_guest(guest_state(*old), registers);
    }
    machine::set_running_vcpu(next);
    machine::load_guest(guest_state(next), registers);
    entered(next);
}

/// The CPU passes from one to another; nobody is nullptr.
void note_change(const Unit* from, const Unit* to)
{
    if (from == to) return;
    if (from != nullptr)
        trace::record(to == nullptr ? trace::Stop::blocked : trace::Stop::preempted, from->name);
    trace::record(to == nullptr ? trace::Event::idle : trace::Event::run,
                  to == nullptr ? trace::UnitName{} : to->name);
}

} // namespace

void run(machine::GuestRegisters& registers)
{
    auto* traced = unit_of(machine::running_vcpu());
    for (;;) {
        auto& current = machine::running_vcpu();
        take(current, Attention::reschedule);
        auto* unit = unit_of(current);
        if (unit != nullptr) {
            if (unit->state == Unit::State::switching_off) {
                let_go(*unit);
                traced = nullptr;
                continue;
            }
            if (take(current, Attention::interrupts)) refresh_interrupts(*unit);
            // A blocked unit stays loaded: nobody else wants its CPU.
            if (unit->state == Unit::State::blocked && has_interrupt(*unit)) {
                change(*unit, Unit::State::blocked, Unit::State::runnable);
                trace::record(trace::Event::wake, unit->name, machine::this_cpu().value());
            }
        }
        auto* next = scheduler_of(machine::this_cpu()).pick(machine::this_cpu()).unit;
        note_change(traced, next);
        traced = next;
        if (next == nullptr) {
            machine::wait_for_interrupt();
            machine::take_pending_interrupts();
            continue;
        }
        if (next != unit) switch_to(*next, registers);
        if (next->attention.load(std::memory_order_acquire) == 0) return;
    }
}

void block(Unit& own)
{
    change(own, Unit::State::runnable, Unit::State::blocked);
    own.want(Attention::reschedule);
}

void switch_off(Unit& unit)
{
    unit.state = Unit::State::switching_off;
    notify(unit, Attention::reschedule);
}

void start(Unit& unit)
{
    unit.state.store(Unit::State::runnable, std::memory_order_release);
    notify(unit, Attention::reschedule);
}

void notify(Unit& unit, Attention why)
{
    unit.want(why);
    const auto cpu = unit.placed_on.load(std::memory_order_relaxed);
    if (cpu != machine::this_cpu()) machine::send_reschedule(cpu);
}

} // namespace bulkhead::sched

void bulkhead::upcall::reconsider(GuestRegisters& registers) { sched::run(registers); }
