#include "sched/rtds_scheduler.hpp"

#include "base/bits.hpp"
#include "sched/share.hpp"
#include "sched/trace.hpp"

#include <algorithm>

namespace bulkhead::sched {
namespace {

constexpr std::uint32_t least_us = 10; // a period and a budget, as in Xen

std::uint32_t us_of_ticks(std::uint64_t ticks)
{
    const auto second = machine::ticks_per_second();
    return static_cast<std::uint32_t>((ticks * 1'000'000 + second / 2) / second);
}

void begin_period(Unit& unit, Ticks start)
{
    auto& own = unit.reservation;
    own.deadline = start + own.period;
    own.left = own.budget;
    trace::record(trace::Event::replenish, unit.name, us_of_ticks(own.budget));
}

/// Periods that have passed are over, whether the budget was used or not.
void renew(Unit& unit, Ticks now)
{
    const auto& own = unit.reservation;
    if (now >= own.deadline)
        begin_period(unit, own.deadline + (now - own.deadline) / own.period * own.period);
}

/// Could what is left be used up until the deadline at the unit's own rate: left / time <= budget /
/// period? By parts of 2^-20, rounded down; periods are at most 2^42 ticks.
bool is_in_step(const Reservation& own, Ticks now)
{
    const auto rate = (own.budget << 20) / own.period;
    return own.left <= (own.deadline - now) * rate >> 20;
}

} // namespace

void RtdsScheduler::joined(Unit& unit, Ticks now)
{
    if (unit.reservation.period == 0) {
        constexpr Parameters defaults;
        unit.reservation.period = ticks_of_us(defaults.period_us);
        unit.reservation.budget = ticks_of_us(defaults.budget_us);
    }
    begin_period(unit, now);
}

void RtdsScheduler::charge(Unit& unit, std::uint64_t ticks, bool /*alone*/, Ticks now)
{
    auto& own = unit.reservation;
    auto used = ticks;
    if (now >= own.deadline) {
        renew(unit, now);
        used = std::min(ticks, now - (own.deadline - own.period));
    }
    if (own.left != 0 && own.left <= used) trace::record(trace::Event::deplete, unit.name);
    own.left -= std::min(own.left, used);
    unit.turn = {.level = own.left == 0 ? 1U : 0U, .key = own.deadline.value()};
}

Ticks RtdsScheduler::admit(Unit& unit, Why why, Ticks now)
{
    auto& own = unit.reservation;
    if (why == Why::woke && (now >= own.deadline || !is_in_step(own, now)))
        begin_period(unit, now);
    else
        renew(unit, now);
    unit.turn = {.level = 0, .key = own.deadline.value()};
    return own.left != 0 ? now : own.deadline;
}

Ticks RtdsScheduler::limit(Unit& unit, const Unit* rival, Ticks /*started*/, Ticks now)
{
    const auto& own = unit.reservation;
    const bool is_unlimited = own.extratime || own.budget == own.period;
    if (rival == nullptr && is_unlimited) return machine::never;
    return own.left == 0 ? own.deadline : std::min(own.deadline, now + own.left);
}

CpuMask RtdsScheduler::while_parked(const Unit& unit)
{
    return unit.reservation.extratime ? available(unit) : 0;
}

/// Of those with extratime, whose deadline is first.
ReadyNode* RtdsScheduler::spare(CpuMask cpus)
{
    ReadyNode* best = nullptr;
    for_each_bit(cpus_, [&](unsigned n) {
        auto* first = cpu_[n].parked.first(cpus);
        if (first != nullptr && (best == nullptr || first->turn.is_before(best->turn)))
            best = first;
    });
    return best;
}

Unit* RtdsScheduler::otherwise(CpuId id)
{
    auto* best = spare(bit(id.value()));
    if (best != nullptr) best->queue->erase(*best);
    return static_cast<Unit*>(best);
}

Result<void> RtdsScheduler::adjust(Unit& unit, const Parameters& parameters)
{
    const Guard guard{lock_};
    if (parameters.budget_us < least_us || parameters.budget_us > parameters.period_us)
        return failure(Error::invalid);
    auto& own = unit.reservation;
    own.extratime = parameters.extratime;
    own.period = ticks_of_us(parameters.period_us);
    own.budget = ticks_of_us(parameters.budget_us);
    own.left = std::min(own.left, own.budget);
    reach(unit, machine::now());
    return {};
}

Parameters RtdsScheduler::parameters(const Unit& unit) const
{
    const auto& own = unit.reservation;
    return {.period_us = us_of_ticks(own.period),
            .budget_us = us_of_ticks(own.budget),
            .extratime = own.extratime};
}

} // namespace bulkhead::sched
