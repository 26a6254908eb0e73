#include "sched/credit2_scheduler.hpp"

#include "base/bits.hpp"
#include "sched/share.hpp"

#include <algorithm>

namespace bulkhead::sched {
namespace {

// Xen's figures, in microseconds.
constexpr std::uint64_t reset_us = 10'500;
constexpr std::uint64_t most_us = reset_us + 500;
constexpr std::uint64_t slice_min_us = 500;
constexpr std::uint64_t slice_max_us = 10'000;

} // namespace

void Credit2Scheduler::start(const Options& options)
{
    ratelimit_ = ticks_of_us(options.ratelimit_us);
    per_cpu_ = options.runqueue <= Runqueue::core;
    cap_period_ = ticks_of_us(std::uint64_t{options.cap_period_ms} * 1000);
    slice_min_ = ticks_of_us(slice_min_us);
    slice_max_ = ticks_of_us(slice_max_us);
}

void Credit2Scheduler::weights_changed()
{
    std::uint16_t highest = 1;
    std::uint16_t lowest = 0xffff;
    for (const auto* unit = units_; unit != nullptr; unit = unit->next) {
        highest = std::max(highest, unit->group->weight);
        lowest = std::min(lowest, unit->group->weight);
    }
    reset_ = ticks_of_us(reset_us) * burn_rate(highest);
    most_ = ticks_of_us(most_us) * burn_rate(lowest);
}

void Credit2Scheduler::placement_changed()
{
    for (auto& queue : queues_)
        queue.cpus = 0;
    for_each_bit(cpus_, [&](unsigned cpu) { queues_[queue_of(cpu)].cpus |= bit(cpu); });
    is_single_ =
        std::ranges::count_if(queues_, [](const auto& queue) { return queue.cpus != 0; }) <= 1;
    for (auto* unit = units_; unit != nullptr; unit = unit->next)
        if (allowed(*unit) == 0) move(*unit, lightest(*unit, unit->hard_affinity));
}

CpuMask Credit2Scheduler::allowed(const Unit& unit)
{
    return unit.hard_affinity & queues_[unit.runqueue].cpus;
}

CpuMask Credit2Scheduler::by_stealing(const Unit& unit)
{
    return is_single_ || unit.held_by.load() != 0 ? 0 : unit.hard_affinity & cpus_;
}

/// The queue with the least load for each of its CPUs, with the unit in it. The unit's own if none
/// is better.
unsigned Credit2Scheduler::lightest(const Unit& unit, CpuMask able) const
{
    const auto cost = [&](unsigned n) {
        const bool is_counted = n == unit.runqueue && unit.is_counted;
        const auto load = queues_[n].load + (is_counted ? 0 : unit.group->weight);
        return load * unsigned{max_cpus} / static_cast<unsigned>(std::popcount(queues_[n].cpus));
    };
    constexpr unsigned none = max_cpus;
    unsigned best = (queues_[unit.runqueue].cpus & able) != 0 ? unit.runqueue : none;
    for (unsigned n = 0; n < max_cpus; ++n)
        if ((queues_[n].cpus & able) != 0 && (best == none || cost(n) < cost(best))) best = n;
    return best;
}

void Credit2Scheduler::move(Unit& unit, unsigned queue)
{
    const bool was_counted = unit.is_counted;
    if (was_counted) awake_changed(unit, false);
    unit.spent += queues_[queue].given - queues_[unit.runqueue].given;
    unit.runqueue = static_cast<std::uint8_t>(queue);
    if (was_counted) awake_changed(unit, true);
}

void Credit2Scheduler::balance(Unit& unit)
{
    if (is_single_) return;
    const auto soft = unit.hard_affinity & unit.soft_affinity & cpus_;
    if (const auto to = lightest(unit, soft != 0 ? soft : unit.hard_affinity); to != unit.runqueue)
        move(unit, to);
}

void Credit2Scheduler::awake_changed(Unit& unit, bool is_awake)
{
    unit.is_counted = is_awake;
    auto& load = queues_[unit.runqueue].load;
    load = is_awake ? load + unit.group->weight : load - unit.group->weight;
}

void Credit2Scheduler::joined(Unit& unit, Ticks /*now*/)
{
    unit.runqueue = 0;
    unit.runqueue = static_cast<std::uint8_t>(lightest(unit, unit.hard_affinity));
    unit.spent = queues_[unit.runqueue].given;
    weights_changed();
}

void Credit2Scheduler::clip(Unit& unit, std::uint64_t most)
{
    const auto least = queues_[unit.runqueue].given - most;
    if (is_less(unit.spent, least)) unit.spent = least;
}

void Credit2Scheduler::charge(Unit& unit, std::uint64_t ticks, bool alone, Ticks /*now*/)
{
    // It is clipped below in any case, so that more would not count.
    const auto counted = std::min(ticks, machine::ticks_per_second());
    unit.spent += counted * burn_rate(unit.group->weight);
    const auto given = queues_[unit.runqueue].given;
    if (alone && !is_less(unit.spent, given)) unit.spent = given - 1;
    clip(unit, most_);
    unit.turn = {.level = 1, .key = unit.spent};
    charge_cap(*unit.group, ticks);
}

Ticks Credit2Scheduler::admit(Unit& unit, Why why, Ticks now)
{
    if (why != Why::due) balance(unit);
    const auto own = ticks_of_us(most_us) * burn_rate(unit.group->weight);
    clip(unit, why == Why::woke ? own : most_);
    unit.turn = {.level = 1, .key = unit.spent};
    auto& cap = unit.group->cap;
    return cap.is_set() && cap.left(now) <= 0 ? cap.renewal() : now;
}

Ticks Credit2Scheduler::limit(Unit& unit, const Unit* rival, Ticks started, Ticks now)
{
    auto& given = queues_[unit.runqueue].given;
    if (!is_less(unit.spent, given)) given = unit.spent + reset_;
    const auto cap = limit_by_cap(*unit.group, now);
    if (rival == nullptr) return cap;
    // Until it has spent as much as who comes next.
    std::uint64_t slice = 0;
    if (is_less(unit.spent, rival->spent))
        slice = (rival->spent - unit.spent) / burn_rate(unit.group->weight);
    const auto until = now + std::clamp(slice, slice_min_, slice_max_);
    return std::min(cap, std::max(until, started + ratelimit_));
}

/// Nobody of this queue: whoever is next in another one, and may run here, changes over.
Unit* Credit2Scheduler::otherwise(CpuId cpu)
{
    if (is_single_) return nullptr;
    auto* unit = static_cast<Unit*>(queue_.first(bit(cpu.value()) << max_cpus));
    if (unit == nullptr) return nullptr;
    queue_.erase(*unit);
    move(*unit, queue_of(cpu.value()));
    clip(*unit, most_);
    unit->turn = {.level = 1, .key = unit->spent};
    return unit;
}

Result<void> Credit2Scheduler::adjust(Unit& unit, const Parameters& parameters)
{
    const Guard guard{lock_};
    if (parameters.weight == 0) return failure(Error::invalid);
    auto& group = *unit.group;
    for (auto* each = units_; each != nullptr; each = each->next)
        if (each->group == &group && each->is_counted)
            queues_[each->runqueue].load += parameters.weight - group.weight;
    group.weight = parameters.weight;
    group.cap_percent = parameters.cap;
    group.cap.set(parameters.cap * cap_period_ / 100, cap_period_);
    weights_changed();
    return {};
}

Parameters Credit2Scheduler::parameters(const Unit& unit) const
{
    return {.weight = unit.group->weight, .cap = unit.group->cap_percent};
}

} // namespace bulkhead::sched
