// credit and credit2: shares, caps, and that nothing is lost whatever happens.

#include "base/bits.hpp"
#include "sched/credit2_scheduler.hpp"
#include "sched/credit_scheduler.hpp"
#include "sched/null_scheduler.hpp"
#include "sched/rtds_scheduler.hpp"
#include "scheduling/scenarios.hpp"

#include <algorithm>
#include <numeric>

namespace bulkhead::scheduling {
namespace {

struct Pool {
    Pool(World& world, sched::Kind scheduler) : kind(scheduler)
    {
        if (world.one_in(3))
            options.ratelimit_us = static_cast<std::uint32_t>(world.between(100, 1000));
        if (kind == sched::Kind::credit && world.one_in(2))
            options.tslice_ms = static_cast<std::uint32_t>(world.between(1, 30));
    }
    sched::Scheduler& start()
    {
        credit.start(options);
        credit2.start(options);
        switch (kind) {
        case sched::Kind::credit: return credit;
        case sched::Kind::credit2: return credit2;
        case sched::Kind::rtds: return rtds;
        default: return null;
        }
    }
    /// How far a share may be off at most because nobody is stopped in the middle: by the longest
    /// that a unit goes on while others are behind; under credit at both ends of the time.
    [[nodiscard]] std::uint64_t slack_us() const
    {
        return kind == sched::Kind::credit2 ? std::max(500U, options.ratelimit_us)
                                            : 2 * options.tslice_ms * 1000;
    }

    sched::Kind kind;
    sched::Options options{};
    sched::CreditScheduler credit{};
    sched::Credit2Scheduler credit2{};
    sched::RtdsScheduler rtds{};
    sched::NullScheduler null{};
};

sched::Parameters any_parameters(World& world, std::uint64_t units)
{
    const auto period = world.between(500, 50'000);
    return {.weight = static_cast<std::uint16_t>(world.between(128, 1024)),
            .cap = static_cast<std::uint16_t>(world.one_in(3) ? world.between(1, 100 * units) : 0),
            .period_us = static_cast<std::uint32_t>(period),
            .budget_us = static_cast<std::uint32_t>(world.between(100, period)),
            .extratime = world.one_in(2)};
}

/// May it run at any time that nobody else wants?
bool is_unlimited(const Pool& pool, const sched::Unit& unit)
{
    if (pool.kind == sched::Kind::rtds)
        return unit.reservation.extratime || unit.reservation.budget == unit.reservation.period;
    return !unit.group->cap.is_set();
}

sched::Group& new_group(std::deque<sched::Group>& groups)
{
    return groups.emplace_back(DomainId{static_cast<std::uint16_t>(groups.size() + 1)});
}

} // namespace

void fair_share(std::uint64_t seed, bool tells, sched::Kind kind)
{
    World world{seed, static_cast<unsigned>(1 + seed % 4), tells};
    world.frequency = world.one_in(2) ? 1'000'000 : 62'500'000;
    world.slowest = world.upto(3);
    std::deque<sched::Group> groups;
    Pool pool{world, kind};
    auto& scheduler = pool.start();
    const auto cpus = world.cpus.size();
    world.give_cpus(scheduler, bits(static_cast<unsigned>(cpus) - 1, 0));
    const auto count = world.between(1, 12);
    while (world.actors.size() < count) {
        auto& group = new_group(groups);
        const auto units =
            std::min<std::uint64_t>(world.between(1, 3), count - world.actors.size());
        const auto weight = static_cast<std::uint16_t>(128 * world.between(1, 8));
        for (std::uint64_t n = 0; n < units; ++n) {
            auto& actor = world.add(group, scheduler);
            if (n == 0 && !scheduler.adjust(actor.unit, {.weight = weight}))
                throw Broken("a weight is refused");
        }
        world.tell("domain {}: weight {}, {} units", groups.size(), weight, units);
    }
    world.run(world.now + world.us(1'000'000));
    for (unsigned round = 0; round < 2; ++round) {
        const auto since = world.now;
        world.run(world.now + world.us(1'000'000));
        world.check(kind, {.slice = pool.slack_us() * 1000}, since);
    }
}

void turmoil(std::uint64_t seed, bool tells, sched::Kind kind)
{
    World world{seed, static_cast<unsigned>(1 + seed % 5), tells};
    world.frequency = 10'000'000;
    world.slowest = world.upto(20);
    const auto cpu_count = static_cast<unsigned>(world.cpus.size());
    std::deque<sched::Group> groups;
    Pool pool{world, kind};
    pool.options.runqueue = world.one_in(2) ? sched::Runqueue::cpu : sched::Runqueue::all;
    auto& scheduler = pool.start();
    const auto all = bits(cpu_count - 1, 0);
    CpuMask present = all;
    world.give_cpus(scheduler, all);
    const auto born = world.now;
    const auto burst = world.us(world.between(50, 20'000));
    const auto pause = world.us(world.between(50, 20'000));
    world.sleeps = [&](Actor& actor) {
        actor.burst = world.between(1, burst);
        actor.wakes = world.now + world.between(1, pause);
    };
    const auto count = world.between(1, 16);
    while (world.actors.size() < count) {
        auto& group = new_group(groups);
        const auto units = world.between(1, 4);
        for (std::uint64_t n = 0; n < units; ++n) {
            auto& actor = world.add(group, scheduler);
            actor.is_busy = world.one_in(3);
            actor.burst = world.between(1, burst);
        }
        const auto parameters = any_parameters(world, units);
        if (!scheduler.adjust(world.actors.back().unit, parameters))
            throw Broken("parameters are refused");
        world.tell("domain {}: {} units, cap {}", groups.size(), units, parameters.cap);
    }
    world.watch = [&] {
        for (auto& actor : world.actors) {
            auto& unit = actor.unit;
            if (unit.state != sched::Unit::State::runnable || world.is_running(actor) ||
                !is_unlimited(pool, unit))
                continue;
            // If it waits for none that is about to look.
            const auto held = unit.held_by.load();
            bool is_expected = false;
            for (const auto& cpu : world.cpus)
                is_expected |= cpu.told != machine::never || cpu.switched != machine::never;
            if (is_expected || (kind == sched::Kind::null && unit.queue != nullptr)) continue;
            for (unsigned n = 0; n < cpu_count; ++n) {
                if (kind == sched::Kind::null && unit.placed_on.load() != CpuId{n}) continue;
                if (world.cpus[n].decided == nullptr &&
                    (present & unit.hard_affinity & bit(n)) != 0 && (held == 0 || held == bit(n)))
                    throw Broken(fmt::format("CPU {} idles while unit {} waits", n, actor.number));
            }
        }
    };
    world.picked = [&](World::Cpu& cpu, sched::Decision decision) {
        if (decision.unit == nullptr || !is_unlimited(pool, *decision.unit)) return;
        const auto n = static_cast<unsigned>(&cpu - world.cpus.data());
        bool is_alone = true;
        for (auto& actor : world.actors)
            if (&actor.unit != decision.unit && actor.unit.wants_cpu() &&
                (!is_unlimited(pool, actor.unit) ||
                 ((actor.unit.queue != nullptr || !world.is_running(actor)) &&
                  (kind == sched::Kind::rtds || (actor.unit.hard_affinity & bit(n)) != 0))))
                is_alone = false;
        for (auto& actor : world.actors)
            if (kind != sched::Kind::null && decision.is_alone && actor.unit.queue != nullptr &&
                actor.unit.wants_cpu() && is_unlimited(pool, actor.unit) &&
                actor.unit.held_by.load() == 0 &&
                (present & actor.unit.hard_affinity & bit(n)) != 0)
                throw Broken(fmt::format("unit {} may keep CPU {} in a WFI, and unit {} waits",
                                         World::actor_of(*decision.unit).number, n, actor.number));
        if (is_alone && decision.until != machine::never)
            throw Broken(fmt::format("unit {} is alone, and has a timer",
                                     World::actor_of(*decision.unit).number));
    };
    for (unsigned n = 0; n < 40; ++n) {
        world.run(world.now + world.us(world.between(1'000, 100'000)));
        world.current = static_cast<unsigned>(world.upto(cpu_count));
        auto& actor = world.actors[world.upto(world.actors.size())];
        switch (world.upto(5)) {
        case 0: {
            auto mask = world.upto(all + 1) & present;
            if (mask == 0) mask = present;
            world.tell("unit {} may run on {:x}", actor.number, mask);
            actor.unit.hard_affinity = mask;
            if (!scheduler.affinity_changed(actor.unit)) throw Broken("an affinity is refused");
            break;
        }
        case 1: actor.unit.soft_affinity = world.upto(all + 1); break;
        case 2: sched::yield(actor.unit); break;
        case 3: {
            const auto cpu = static_cast<unsigned>(world.upto(cpu_count));
            const auto mine = bit(cpu);
            bool is_needed = present == mine || (present & mine) == 0;
            for (auto& each : world.actors)
                is_needed |= (each.unit.hard_affinity & present & ~mine) == 0;
            if (is_needed) break;
            world.tell("CPU {} goes", cpu);
            if (!scheduler.remove_cpu(CpuId{cpu})) throw Broken("a CPU cannot go");
            present &= ~mine;
            break;
        }
        default:
            for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
                if ((present & bit(cpu)) == 0) {
                    world.tell("CPU {} comes", cpu);
                    world.give_cpus(scheduler, bit(cpu));
                    present |= bit(cpu);
                    break;
                }
        }
    }
    // Affinities change, and nobody asked whether the reservations can be kept.
    constexpr double whatever = 1e9;
    world.check(kind == sched::Kind::rtds ? sched::Kind::null : kind,
                {.share = whatever, .longest_wait = 3'000'000'000});
    for (auto& actor : world.actors) {
        const auto times = scheduler.run_times(actor.unit);
        const bool sleeps = actor.unit.state == sched::Unit::State::blocked;
        const auto slept = actor.slept + (sleeps ? world.now - actor.sleeps_since : 0);
        if (times.ticks[2] != slept)
            throw Broken(fmt::format("unit {} slept {} ticks, {} are accounted for", actor.number,
                                     slept, times.ticks[2]));
        const auto sum = std::accumulate(times.ticks.begin(), times.ticks.end(), std::uint64_t{0});
        // Who is taken from its CPU runs until the registers are saved.
        const auto slack = 40 * 3 * world.slowest;
        if (sum != world.now - born || times.ticks[0] < actor.ran ||
            times.ticks[0] > actor.ran + slack)
            throw Broken(
                fmt::format("unit {}: {} ticks accounted for, {} as running; it ran {} of {}",
                            actor.number, sum, times.ticks[0], actor.ran, world.now - born));
    }
}

} // namespace bulkhead::scheduling
