#include "sched/null_scheduler.hpp"

#include "base/bits.hpp"
#include "machine/cpu.hpp"
#include "sched/run_loop.hpp"

namespace bulkhead::sched {

/// The CPU is free: it goes to who has waited longest for it.
void NullScheduler::give(CpuId cpu)
{
    auto* unit = static_cast<Unit*>(waiting_.first(bit(cpu.value()) & cpus_));
    if (unit != nullptr) {
        waiting_.erase(*unit);
        unit->placed_on = cpu;
    }
    owner_[cpu.value()] = unit;
    ask_to_pick(cpu);
}

/// Finds a CPU for a unit that has none: that which it names, or one that it would rather have.
void NullScheduler::place(Unit& unit)
{
    CpuMask free = 0;
    const auto present = bits(machine::cpu_count() - 1, 0);
    for_each_bit(unit.hard_affinity & cpus_ & present, [&](unsigned cpu) {
        if (owner_[cpu].load() == nullptr) free |= bit(cpu);
    });
    if (free == 0) {
        unit.turn = {};
        unit.cpus = unit.hard_affinity;
        return waiting_.insert(unit);
    }
    const auto soft = free & unit.soft_affinity;
    if ((free & bit(unit.placed_on.load().value())) == 0)
        unit.placed_on =
            CpuId{static_cast<std::uint32_t>(std::countr_zero(soft != 0 ? soft : free))};
    owner_[unit.placed_on.load().value()] = &unit;
    ask_to_pick(unit.placed_on);
}

void NullScheduler::leave(Unit& unit)
{
    if (unit.queue != nullptr)
        waiting_.erase(unit);
    else if (owns(unit))
        give(unit.placed_on);
}

Result<void> NullScheduler::insert(Unit& unit)
{
    const Guard guard{lock_};
    unit.scheduler = this;
    unit.times.begin(machine::now());
    if (unit.wants_cpu()) unit.times.enter(RunState::runnable, machine::now());
    place(unit);
    return {};
}

void NullScheduler::remove(Unit& unit)
{
    const Guard guard{lock_};
    leave(unit);
    unit.scheduler = nullptr;
}

Result<void> NullScheduler::add_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    cpus_ |= bit(cpu.value());
    give(cpu);
    return {};
}

Result<void> NullScheduler::remove_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    const auto rest = cpus_ & ~bit(cpu.value());
    auto* const unit = owner_[cpu.value()].load();
    if (unit != nullptr && (unit->hard_affinity & rest) == 0) return failure(Error::busy);
    if (rest == 0 && waiting_.first(all_cpus) != nullptr) return failure(Error::busy);
    cpus_ = rest;
    owner_[cpu.value()] = nullptr;
    if (unit != nullptr) place(*unit);
    ask_to_pick(cpu);
    return {};
}

void NullScheduler::wake(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || !unit.wants_cpu()) return;
    if (unit.times.state != RunState::running) unit.times.enter(RunState::runnable, machine::now());
    if (owns(unit)) ask_to_pick(unit.placed_on);
}

void NullScheduler::sleep(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || unit.wants_cpu()) return;
    auto& last = last_[unit.placed_on.load().value()];
    if (last == &unit) last = nullptr;
    const auto state = unit.state == Unit::State::blocked ? RunState::blocked : RunState::offline;
    if (unit.times.state != state) unit.times.enter(state, machine::now());
}

Decision NullScheduler::pick(CpuId cpu)
{
    const auto n = cpu.value();
    auto* unit = owner_[n].load(std::memory_order_acquire);
    auto* const last = last_[n].load(std::memory_order_relaxed);
    if (unit != nullptr && unit == last && unit->wants_cpu()) return {.unit = unit};

    const Guard guard{lock_};
    unit = owner_[n].load();
    const auto held = unit == nullptr ? 0 : unit->held_by.load();
    if (unit != nullptr && (!unit->wants_cpu() || (held != 0 && held != bit(n)))) unit = nullptr;
    const auto now = machine::now();
    // The last one runs on for its other CPU, or waits for one, or was put to sleep by sleep().
    if (last != nullptr && last != unit && last->held_by == bit(n) &&
        last->times.state == RunState::running)
        last->times.enter(last->wants_cpu() ? RunState::runnable : RunState::blocked, now);
    if (unit != nullptr && unit->times.state != RunState::running)
        unit->times.enter(RunState::running, now);
    if (unit != nullptr) unit->held_by = bit(n);
    last_[n] = unit;
    return {.unit = unit};
}

Result<void> NullScheduler::affinity_changed(Unit& unit)
{
    const Guard guard{lock_};
    if ((unit.hard_affinity & cpus_) == 0) return failure(Error::out_of_range);
    const bool may_stay = (unit.hard_affinity & bit(unit.placed_on.load().value())) != 0;
    if (owns(unit) && may_stay) return {};
    leave(unit);
    place(unit);
    return {};
}

RunTimes NullScheduler::run_times(Unit& unit)
{
    const Guard guard{lock_};
    return unit.times.until(machine::now());
}

} // namespace bulkhead::sched
