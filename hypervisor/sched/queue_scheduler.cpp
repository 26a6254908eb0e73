#include "sched/queue_scheduler.hpp"

#include "base/bits.hpp"
#include "sched/run_loop.hpp"
#include "sched/trace.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::sched {
namespace {

/// In the masks of a queue of parked units, besides the CPUs that may take one early: any of them.
constexpr CpuMask anyone = CpuMask{1} << 63;

Unit* unit_of(ReadyNode* node) { return static_cast<Unit*>(node); }
CpuMask mask_of(CpuId cpu) { return bit(cpu.value()); }
CpuId first_of(CpuMask cpus) { return CpuId{static_cast<std::uint32_t>(std::countr_zero(cpus))}; }

} // namespace

void QueueScheduler::settle(Cpu& cpu, Ticks now)
{
    if (cpu.current != nullptr && now > cpu.since) {
        const auto ticks = now - std::exchange(cpu.since, now);
        charge(*cpu.current, ticks, cpu.alone, now);
    }
}

void QueueScheduler::tell(unsigned cpu)
{
    told_ |= bit(cpu);
    ask_to_pick(CpuId{cpu});
}

/// Finds it a CPU that makes it run now, if there is one; and those that thought to be alone know
/// that somebody waits.
void QueueScheduler::find_cpu(Unit& unit, Ticks now)
{
    const auto able = unit.cpus & cpus_;
    const bool is_ready = unit.queue == &queue_;
    const auto thieves = is_ready ? unit.cpus >> max_cpus : 0;
    const auto idle = (able | thieves) & idle_ & ~told_;
    if (idle != 0) {
        const auto last = mask_of(unit.placed_on);
        const auto soft = idle & unit.soft_affinity;
        const auto best = (last & soft) != 0 ? last : soft != 0 ? soft : idle & last;
        return tell(first_of(best != 0 ? best : idle).value());
    }
    Cpu* worst = nullptr;
    for_each_bit(able & ~idle_ & ~told_, [&](unsigned n) {
        auto& cpu = cpu_[n];
        settle(cpu, now);
        const bool is_early = now - cpu.started < ratelimit_;
        if (!is_early && (worst == nullptr || worst->current->turn.is_before(cpu.current->turn)))
            worst = &cpu;
    });
    for_each_bit((able | thieves) & ~idle_ & ~told_, [&](unsigned n) {
        auto& cpu = cpu_[n];
        const bool loses = &cpu == worst && unit.turn.is_before(cpu.current->turn);
        const bool was_unwanted = std::exchange(cpu.unwanted, false);
        const bool was_alone = is_ready && std::exchange(cpu.alone, false);
        if (was_unwanted || was_alone || loses) tell(n);
    });
}

void QueueScheduler::park(Unit& unit, Ticks until, bool here, Ticks now)
{
    if ((cpus_ & mask_of(unit.placed_on)) == 0) unit.placed_on = first_of(cpus_);
    unit.turn = {.level = 1, .key = until.value()};
    unit.cpus = anyone | while_parked(unit);
    cpu_of(unit).parked.insert(unit);
    if (!here) tell(unit.placed_on.load().value());
    find_cpu(unit, now);
}

/// It wants a CPU, and is in none of the places.
void QueueScheduler::offer(Unit& unit, Why why, Ticks now)
{
    if (const auto from = admit(unit, why, now); from > now) return park(unit, from, false, now);
    unit.cpus = available(unit);
    queue_.insert(unit);
    expel(unit);
    find_cpu(unit, now);
}

/// A CPU that it may not run on has its registers, and is to let go of them.
void QueueScheduler::expel(Unit& unit)
{
    const auto holder = unit.held_by.load();
    if (holder == 0 || (allowed(unit) & holder) != 0) return;
    unit.placed_on = first_of(allowed(unit));
    ask_to_pick(first_of(holder));
}

/// Other CPUs may take it than before.
void QueueScheduler::reach(Unit& unit, Ticks now)
{
    if (unit.queue == nullptr) return;
    const bool is_ready = unit.queue == &queue_;
    unit.queue->set_cpus(unit, is_ready ? available(unit) : anyone | while_parked(unit));
    find_cpu(unit, now);
}

/// Out of the place where it is.
void QueueScheduler::take_out(Unit& unit, Ticks now)
{
    if (unit.queue != nullptr) return unit.queue->erase(unit);
    auto& cpu = cpu_of(unit);
    if (cpu.current != &unit) return;
    const auto n = unit.placed_on.load().value();
    settle(cpu, now);
    tell(n);
    cpu.current = nullptr;
    idle_ |= bit(n);
    --unit.group->running;
}

void QueueScheduler::fell_asleep(Unit& unit, Ticks now)
{
    --unit.group->awake;
    awake_changed(unit, false);
    unit.times.enter(unit.state == Unit::State::blocked ? RunState::blocked : RunState::offline,
                     now);
}

void QueueScheduler::woke_up(Unit& unit, Ticks now)
{
    ++unit.group->awake;
    awake_changed(unit, true);
    unit.times.enter(RunState::runnable, now);
    offer(unit, Why::woke, now);
}

Result<void> QueueScheduler::insert(Unit& unit)
{
    const Guard guard{lock_};
    const auto now = machine::now();
    if ((unit.hard_affinity & cpus_) == 0) return failure(Error::busy);
    unit.next = std::exchange(units_, &unit);
    unit.scheduler = this;
    unit.times.begin(now);
    ++unit.group->units;
    joined(unit, now);
    const auto able = allowed(unit);
    if ((able & mask_of(unit.placed_on)) == 0) {
        // That with the fewest units.
        std::array<unsigned, max_cpus> count{};
        for (auto* other = units_; other != nullptr; other = other->next)
            ++count[other->placed_on.load().value()];
        const auto soft = able & unit.soft_affinity;
        auto best = first_of(soft != 0 ? soft : able).value();
        for_each_bit(soft != 0 ? soft : able, [&](unsigned cpu) {
            if (count[cpu] < count[best]) best = cpu;
        });
        unit.placed_on = CpuId{best};
    }
    if (unit.wants_cpu()) woke_up(unit, now);
    return {};
}

void QueueScheduler::remove(Unit& unit)
{
    const Guard guard{lock_};
    const auto now = machine::now();
    if (is_awake(unit)) {
        take_out(unit, now);
        --unit.group->awake;
        awake_changed(unit, false);
        unit.times.enter(RunState::runnable, now);
    }
    auto** link = &units_;
    while (*link != &unit)
        link = &(*link)->next;
    *link = unit.next;
    --unit.group->units;
    unit.scheduler = nullptr;
}

Result<void> QueueScheduler::add_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    cpus_ |= mask_of(cpu);
    idle_ |= mask_of(cpu);
    refresh(machine::now());
    return {};
}

Result<void> QueueScheduler::remove_cpu(CpuId id)
{
    const Guard guard{lock_};
    const auto now = machine::now();
    const auto me = mask_of(id);
    for (auto* unit = units_; unit != nullptr; unit = unit->next)
        if ((unit->hard_affinity & cpus_ & ~me) == 0) return failure(Error::busy);
    auto& cpu = cpu_[id.value()];
    auto* old = cpu.current;
    if (old != nullptr) take_out(*old, now);
    cpus_ &= ~me;
    idle_ &= ~me;
    told_ &= ~me;
    refresh(now);
    if (old != nullptr) offer(*old, Why::preempted, now);
    while (auto* parked = unit_of(cpu.parked.first(anyone))) {
        cpu.parked.erase(*parked);
        offer(*parked, Why::due, now);
    }
    return {};
}

/// What CPUs there are has changed.
void QueueScheduler::refresh(Ticks now)
{
    placement_changed();
    for (auto* unit = units_; unit != nullptr; unit = unit->next) {
        if ((mask_of(unit->placed_on) & cpus_) == 0) unit->placed_on = first_of(allowed(*unit));
        reach(*unit, now);
    }
}

Result<void> QueueScheduler::affinity_changed(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this) return failure(Error::try_again);
    if ((unit.hard_affinity & cpus_) == 0) return failure(Error::out_of_range);
    const auto now = machine::now();
    placement_changed();
    if (is_running(unit) && (allowed(unit) & mask_of(unit.placed_on)) != 0) return {};
    const bool was_awake = is_awake(unit);
    take_out(unit, now);
    expel(unit);
    if (was_awake) offer(unit, Why::preempted, now);
    return {};
}

void QueueScheduler::wake(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || !unit.wants_cpu() || is_awake(unit)) return;
    woke_up(unit, machine::now());
}

void QueueScheduler::sleep(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || unit.wants_cpu() || !is_awake(unit)) return;
    const auto now = machine::now();
    take_out(unit, now);
    fell_asleep(unit, now);
}

void QueueScheduler::yield(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || !is_running(unit)) return;
    cpu_of(unit).yields = true;
    tell(unit.placed_on.load().value());
}

void QueueScheduler::released(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this) return;
    // It ran until now if somebody else had taken it from its CPU.
    if (unit.times.state == RunState::running && !is_running(unit))
        unit.times.enter(RunState::runnable, machine::now());
    reach(unit, machine::now());
}

RunTimes QueueScheduler::run_times(Unit& unit)
{
    const Guard guard{lock_};
    return unit.times.until(machine::now());
}

/// Those parked here whose time has come are ready. If this CPU has nothing to run, it leaves one
/// to itself, which is the result; for the others one is found.
Unit* QueueScheduler::unpark(CpuId id, bool is_free, Ticks now)
{
    auto& parked = cpu_[id.value()].parked;
    Unit* own = nullptr;
    while (auto* unit = unit_of(parked.first(anyone))) {
        if (Ticks{unit->turn.key} > now) break;
        parked.erase(*unit);
        if (const auto from = admit(*unit, Why::due, now); from > now) {
            park(*unit, from, true, now);
            continue;
        }
        unit->cpus = available(*unit);
        queue_.insert(*unit);
        if (is_free && own == nullptr && (unit->cpus & mask_of(id)) != 0)
            own = unit;
        else
            find_cpu(*unit, now);
    }
    return own;
}

Decision QueueScheduler::pick(CpuId id)
{
    const Guard guard{lock_};
    const auto now = machine::now();
    const auto me = mask_of(id);
    if ((cpus_ & me) == 0) return {};
    auto& cpu = cpu_[id.value()];
    told_ |= me; // nobody needs to tell this CPU meanwhile
    settle(cpu, now);
    const bool yields = std::exchange(cpu.yields, false);
    auto* const old = std::exchange(cpu.current, nullptr);
    Unit* next = nullptr;
    Unit* waits = nullptr;
    if (old != nullptr) {
        --old->group->running;
        if (!old->wants_cpu()) {
            fell_asleep(*old, now);
        } else {
            old->times.enter(RunState::runnable, now);
            if (const auto from = admit(*old, Why::preempted, now); from > now)
                park(*old, from, true, now);
            else if (!yields && now - cpu.started < ratelimit_)
                next = old;
            else
                waits = old;
        }
    }
    auto* const own = unpark(id, next == nullptr && waits == nullptr, now);
    const auto queue_up = [&] {
        waits->cpus = available(*waits);
        queue_.insert(*waits);
        expel(*waits);
    };
    if (waits != nullptr && !yields) queue_up();
    if (next == nullptr) {
        next = unit_of(queue_.first(me));
        if (next != nullptr) queue_.erase(*next);
    }
    if (waits != nullptr && yields) {
        if (next == nullptr)
            next = waits;
        else
            queue_up();
    }
    if (next == nullptr) next = otherwise(id);
    if (own != nullptr && own != next) find_cpu(*own, now);

    Decision decision{.unit = next};
    if (next == nullptr) {
        idle_ |= me;
    } else {
        idle_ &= ~me;
        next->held_by = me;
        if (next->placed_on.exchange(id) != id)
            trace::record(trace::Event::migrate, next->name, id.value());
        next->times.enter(RunState::running, now);
        ++next->group->running;
        if (next != old) cpu.started = now;
        cpu.current = next;
        cpu.since = now;
        const auto* rival = unit_of(queue_.first(me));
        cpu.alone = rival == nullptr;
        cpu.unwanted = queue_.first(me | me << max_cpus) == nullptr && spare(me) == nullptr;
        decision.is_alone = cpu.unwanted;
        decision.until = limit(*next, rival, cpu.started, now);
    }
    if (const auto* parked = cpu.parked.first(anyone))
        decision.until = std::min(decision.until, Ticks{parked->turn.key});
    told_ &= ~me;
    // Who counted on this CPU may have to look for another.
    if (const auto idle = idle_ & ~told_; idle != 0) {
        auto* left = queue_.first(idle);
        if (left == nullptr) left = spare(idle);
        if (left != nullptr) find_cpu(*unit_of(left), now);
    }
    return decision;
}

void QueueScheduler::charge_cap(Group& group, std::uint64_t ticks)
{
    if (!group.cap.is_set()) return;
    group.cap.charge(ticks);
    if (!group.cap.is_used_up() || group.running < 2) return;
    for_each_bit(cpus_ & ~idle_ & ~told_, [&](unsigned n) {
        if (cpu_[n].current->group == &group) tell(n);
    });
}

Ticks QueueScheduler::limit_by_cap(Group& group, Ticks now)
{
    if (!group.cap.is_set()) return machine::never;
    // They use it up together.
    if (group.running > 1)
        for_each_bit(cpus_ & ~idle_ & ~told_, [&](unsigned n) {
            if (cpu_[n].current->group == &group) settle(cpu_[n], now);
        });
    const auto left = static_cast<std::uint64_t>(std::max<std::int64_t>(group.cap.left(now), 1));
    return now + (left + group.running - 1) / group.running;
}

} // namespace bulkhead::sched
