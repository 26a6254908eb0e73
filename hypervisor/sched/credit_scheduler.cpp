#include "sched/credit_scheduler.hpp"

#include "sched/share.hpp"

#include <algorithm>

namespace bulkhead::sched {
namespace {

/// A domain's units that want a CPU share its weight.
std::uint64_t rate(const Group& group) { return burn_rate(group.weight) * group.awake; }

} // namespace

void CreditScheduler::start(const Options& options)
{
    slice_ = ticks_of_us(std::uint64_t{options.tslice_ms} * 1000);
    ratelimit_ = std::min(ticks_of_us(options.ratelimit_us), slice_);
}

void CreditScheduler::weights_changed()
{
    std::uint16_t highest = 1;
    most_ = 0;
    for (const auto* unit = units_; unit != nullptr; unit = unit->next) {
        const auto& group = *unit->group;
        highest = std::max(highest, group.weight);
        most_ = std::max(most_, 2 * slice_ * burn_rate(group.weight) * group.units);
    }
    reset_ = slice_ * burn_rate(highest);
}

void CreditScheduler::joined(Unit& unit, Ticks /*now*/)
{
    unit.spent = given_;
    weights_changed();
}

void CreditScheduler::clip(Unit& unit, std::uint64_t most) const
{
    if (is_less(unit.spent, given_ - most)) unit.spent = given_ - most;
}

void CreditScheduler::charge(Unit& unit, std::uint64_t ticks, bool alone, Ticks /*now*/)
{
    auto& group = *unit.group;
    // It is clipped below in any case, so that more would not count.
    const auto counted = std::min(ticks, machine::ticks_per_second());
    unit.spent += counted * rate(group);
    if (alone && !is_less(unit.spent, given_)) unit.spent = given_ - 1;
    clip(unit, most_);
    const bool is_boosted = unit.turn.level == 0 && is_less(unit.spent, given_);
    unit.turn = {.level = is_boosted ? 0U : 1U, .key = unit.spent};
    charge_cap(group, ticks);
}

Ticks CreditScheduler::admit(Unit& unit, Why why, Ticks now)
{
    clip(unit, why == Why::woke ? slice_ * rate(*unit.group) : most_);
    const bool is_boosted = why == Why::woke && is_less(unit.spent, given_);
    unit.turn = {.level = is_boosted ? 0U : 1U, .key = unit.spent};
    auto& cap = unit.group->cap;
    return cap.is_set() && cap.left(now) <= 0 ? cap.renewal() : now;
}

Ticks CreditScheduler::limit(Unit& unit, const Unit* rival, Ticks started, Ticks now)
{
    if (!is_less(unit.spent, given_)) given_ = unit.spent + reset_;
    const auto cap = limit_by_cap(*unit.group, now);
    if (rival == nullptr) return cap;
    const auto end = started + slice_;
    return std::min(cap, end > now ? end : now + slice_);
}

Result<void> CreditScheduler::adjust(Unit& unit, const Parameters& parameters)
{
    const Guard guard{lock_};
    if (parameters.weight == 0) return failure(Error::invalid);
    unit.group->weight = parameters.weight;
    unit.group->cap_percent = parameters.cap;
    unit.group->cap.set(parameters.cap * slice_ / 100, slice_);
    weights_changed();
    return {};
}

Parameters CreditScheduler::parameters(const Unit& unit) const
{
    return {.weight = unit.group->weight, .cap = unit.group->cap_percent};
}

} // namespace bulkhead::sched
