#include "sched/run_loop.hpp"

#include "machine/cpu.hpp"
#include "machine/upcalls.hpp"
#include "sched/scheduler.hpp"
#include "sched/trace.hpp"

#include <array>
#include <utility>

namespace bulkhead::sched {
namespace {

using machine::Attention;
using machine::RunningVcpu;
using State = Unit::State;

struct alignas(cache_line) Cpu {
    /// Its scheduler is to pick again.
    std::atomic<bool> asked = false;
    /// What its scheduler decided to run there.
    Unit* decided = nullptr;
    /// What was decided before, and the scheduler has not back.
    Unit* kept = nullptr;
};
constinit std::array<Cpu, max_cpus> cpus;

Cpu& this_cpu() { return cpus[machine::this_cpu().value()]; }

bool was_asked(std::atomic<bool>& asked)
{
    return asked.load(std::memory_order_relaxed) && asked.exchange(false);
}

/// Behind a RunningVcpu with a guest there is always a Unit.
Unit* unit_of(RunningVcpu& running)
{
    return running.has_guest ? static_cast<Unit*>(&running) : nullptr;
}

/// What of these it was told since it was last asked; bits of Attention.
std::uint32_t take(RunningVcpu& running, std::uint32_t these)
{
    if ((running.attention.load(std::memory_order_relaxed) & these) == 0) return 0;
    return running.attention.fetch_and(~these, std::memory_order_acquire) & these;
}
constexpr auto bit_of(Attention why) { return static_cast<std::uint32_t>(why); }

/// Its scheduler hears of each change once, in the order in which they happen.
void set_state(Unit& unit, State state) REQUIRES(unit.lock)
{
    unit.state.store(state);
    const bool wants_cpu = state >= State::working && state != State::blocked;
    if (unit.is_awake == wants_cpu) return;
    unit.is_awake = wants_cpu;
    if (!wants_cpu) return sleep(unit);
    trace::record(trace::Event::wake, unit.name, unit.placed_on.load().value());
    wake(unit);
}

void change_state(Unit& unit, State state)
{
    const Guard guard{unit.lock};
    set_state(unit, state);
}

/// The unit that was switched off leaves the CPU, and may be started anew from now on.
void let_go(Unit& unit)
{
    trace::record(trace::Stop::off, unit.name);
    this_cpu().decided = nullptr;
    leaving(unit);
    machine::discard_guest();
    machine::set_running_vcpu(machine::idle_vcpu());
    {
        const Guard guard{unit.lock};
        unit.loaded_on = Unit::nowhere;
        set_state(unit, State::down);
    }
    went_down(unit);
}

/// The loaded unit that waits goes on, or sleeps until somebody wakes it.
void settle_wait(Unit& unit, std::uint32_t told)
{
    if (told == bit_of(Attention::wake) || has_interrupt(unit)) return unit.wake_up();
    const Guard guard{unit.lock};
    if (unit.state == State::blocked) set_state(unit, State::blocked);
}

/// The loaded unit leaves the CPU.
void put_away(Unit& unit, const machine::GuestRegisters& registers)
{
    leaving(unit);
    machine::save_guest(guest_state(unit), registers);
    machine::set_running_vcpu(machine::idle_vcpu());
    bool is_off = false;
    {
        const Guard guard{unit.lock};
        unit.loaded_on = Unit::nowhere;
        is_off = unit.state == State::switching_off;
        if (is_off) set_state(unit, State::down);
    }
    if (is_off) return went_down(unit);
    if (unit.state != State::blocked) return;
    unit.timer.set(timer_deadline(unit));
    // From here on who has something for it wakes it; until here, this CPU was told.
    if ((unit.attention.load() & bit_of(Attention::interrupts)) != 0) unit.wake_up();
}

/// The unit's registers come onto the CPU, unless it was switched off meanwhile.
bool take_on(Unit& unit, machine::GuestRegisters& registers)
{
    {
        const Guard guard{unit.lock};
        if (unit.state != State::runnable) return false;
        unit.placed_on = machine::this_cpu();
        unit.loaded_on = machine::this_cpu();
    }
    unit.timer.cancel();
    machine::set_running_vcpu(unit);
    machine::load_guest(guest_state(unit), registers);
    entered(unit);
    return true;
}

/// Its WFI stops the CPU only if nobody else would take it meanwhile.
void choose_wait(Unit& unit, bool is_alone)
{
    const bool traps =
        unit.wait == WaitMode::trap || (unit.wait == WaitMode::automatic && !is_alone);
    if (std::exchange(unit.wait_traps, traps) != traps) machine::set_wait_traps(traps);
}

/// A unit whose domain is to be built anew has its CPU.
void do_work(Unit& unit)
{
    if (!work(unit) && unit.state == State::working) change_state(unit, State::down);
}

/// From the loaded unit, if there is one, to what the scheduler decided. False: no unit is ready to
/// run.
bool change_to(Unit* unit, Unit* next, machine::GuestRegisters& registers)
{
    // One that waits stays loaded until somebody else wants its CPU.
    if (unit != nullptr && next == nullptr && unit->state == State::blocked) return false;
    if (unit != nullptr && unit != next) put_away(*unit, registers);
    auto* const before = std::exchange(this_cpu().kept, next);
    if (before != nullptr && before != next) released(*before);
    if (next == nullptr) return false;
    if (next == unit || take_on(*next, registers)) return true;
    if (next->state == State::working) do_work(*next);
    return false;
}

/// The CPU passes to another; nobody is nullptr.
void note_change(Unit* to)
{
    const auto* const from = std::exchange(this_cpu().decided, to);
    if (from == to) return;
    if (from != nullptr)
        trace::record(from->state == State::runnable ? trace::Stop::preempted
                                                     : trace::Stop::blocked,
                      from->name);
    trace::record(to == nullptr ? trace::Event::idle : trace::Event::run,
                  to == nullptr ? trace::UnitName{} : to->name);
    if (to != nullptr) has_cpu(*to);
}

} // namespace

void run(machine::GuestRegisters& registers)
{
    const auto cpu = machine::this_cpu();
    auto& own = this_cpu();
    for (;;) {
        auto& current = machine::running_vcpu();
        auto* const unit = unit_of(current);
        if (unit != nullptr) {
            if (unit->state == State::switching_off) {
                let_go(*unit);
                continue;
            }
            const auto told =
                take(current, bit_of(Attention::interrupts) | bit_of(Attention::wake));
            if (unit->state == State::blocked)
                settle_wait(*unit, told);
            else if ((told & bit_of(Attention::interrupts)) != 0)
                refresh_interrupts(*unit);
        }
        const bool is_told = take(current, bit_of(Attention::reschedule)) != 0;
        const bool has_to_choose = was_asked(own.asked) || is_told;
        const bool goes_on =
            unit != nullptr && unit == own.decided && unit->state == State::runnable;
        if (has_to_choose || !goes_on) {
            const auto decision = scheduler_of(cpu).pick(cpu);
            pick_again(decision.until);
            note_change(decision.unit);
            if (!change_to(unit, decision.unit, registers)) {
                // Others send an interrupt when they ask.
                if (decision.unit == nullptr && !own.asked.load(std::memory_order_relaxed))
                    machine::wait_for_interrupt();
                machine::take_pending_interrupt();
                continue;
            }
            choose_wait(*decision.unit, decision.is_alone);
        }
        if (machine::running_vcpu().attention.load() == 0 &&
            !own.asked.load(std::memory_order_relaxed))
            return;
    }
}

void ask_to_pick(CpuId cpu)
{
    cpus[cpu.value()].asked = true;
    if (cpu == machine::this_cpu())
        machine::running_vcpu().want(Attention::reschedule);
    else
        machine::send_reschedule(cpu);
}

void block(Unit& own)
{
    auto runnable = State::runnable;
    own.state.compare_exchange_strong(runnable, State::blocked);
    own.want(Attention::reschedule);
}

void give_way(Unit& own)
{
    trace::record(trace::Event::yield, own.name);
    yield(own);
    ask_to_pick(machine::this_cpu());
}

bool switch_off(Unit& unit)
{
    {
        const Guard guard{unit.lock};
        const bool is_loaded = unit.loaded_on.load() != Unit::nowhere;
        set_state(unit, is_loaded ? State::switching_off : State::down);
        if (!is_loaded) {
            unit.timer.cancel();
            return true;
        }
    }
    notify(unit, Attention::reschedule);
    return false;
}

void start(Unit& unit)
{
    unit.wait_traps = false; // as machine::reset() left it
    change_state(unit, State::runnable);
}
void start_work(Unit& unit) { change_state(unit, State::working); }

[[gnu::noinline]] void Unit::wake_up()
{
    const Guard guard{lock};
    if (state == State::blocked) set_state(*this, State::runnable);
}

void notify(Unit& unit, Attention why)
{
    unit.want(why);
    const auto cpu = unit.loaded_on.load();
    if (cpu == Unit::nowhere) {
        if (unit.state == State::blocked) unit.wake_up();
    } else if (cpu != machine::this_cpu()) {
        machine::send_reschedule(cpu);
    }
}

} // namespace bulkhead::sched

void bulkhead::upcall::look_up(RunningVcpu& running)
{
    if (sched::this_cpu().asked.load(std::memory_order_relaxed))
        running.want(machine::Attention::reschedule);
}

void bulkhead::upcall::reconsider(GuestRegisters& registers) { sched::run(registers); }
