// rtds and arinc653: budgets by their deadlines, windows on their ticks.

#include "base/bits.hpp"
#include "sched/arinc653_scheduler.hpp"
#include "sched/rtds_scheduler.hpp"
#include "scheduling/scenarios.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::scheduling {
namespace {

/// What a unit may count on, as of when it woke or its period began.
struct Claim {
    Ticks deadline{};
    std::uint64_t left = 0;
    std::uint64_t ran_before = 0;
    std::uint64_t picks_before = 0;
    bool is_due = false; // it has wanted its CPU ever since
};

class Reservations {
public:
    Reservations(std::uint64_t seed, bool tells)
        : world_(seed, static_cast<unsigned>(1 + seed % 4), tells)
    {
        world_.frequency = 10'000'000;
        world_.slowest = world_.one_in(2) ? 0 : world_.upto(4);
        world_.give_cpus(scheduler_, bits(static_cast<unsigned>(world_.cpus.size()) - 1, 0));
        world_.sleeps = [this](Actor& actor) {
            const auto period = actor.unit.reservation.period;
            actor.burst = world_.between(1, period);
            actor.wakes = world_.now + world_.between(1, 2 * period);
        };
        add_units();
        world_.watch = [this] { watch(); };
    }
    void run()
    {
        world_.run(world_.now + world_.us(1'500'000));
        world_.check(sched::Kind::rtds, {.resolution = 1000 + 20'000 * world_.slowest});
    }

private:
    /// As many as the test of sched/rtds_scheduler.hpp admits.
    void add_units()
    {
        const auto cpus = static_cast<double>(world_.cpus.size());
        double sum = 0;
        double most = 0;
        for (unsigned tries = 0; tries < 20; ++tries) {
            const auto period = world_.between(500, 30'000);
            const auto budget = world_.between(50, world_.one_in(4) ? period : period / 2 + 50);
            const auto share = double(budget) / double(period);
            if (budget > period || sum + share > cpus - (cpus - 1) * std::max(most, share))
                continue;
            sum += share;
            most = std::max(most, share);
            auto& actor = world_.add(group_, scheduler_, false);
            const sched::Parameters parameters{.period_us = static_cast<std::uint32_t>(period),
                                               .budget_us = static_cast<std::uint32_t>(budget),
                                               .extratime = world_.one_in(4)};
            if (!scheduler_.adjust(actor.unit, parameters)) throw Broken("a budget is refused");
            world_.tell("unit {}: {} us in {} us{}", actor.number, budget, period,
                        parameters.extratime ? ", extratime" : "");
            actor.is_busy = world_.one_in(2);
            actor.unit.state = sched::Unit::State::blocked;
            actor.wakes = world_.now + world_.upto(world_.us(20'000));
            actor.burst = world_.between(1, world_.us(period));
        }
        claims_.resize(world_.actors.size());
    }

    void watch()
    {
        world_.probe = machine::never;
        for (auto& actor : world_.actors) {
            // Whose extratime nobody wants has no timer, and its claim is brought up to date late.
            if (actor.unit.reservation.extratime) continue;
            look_at(actor, claims_[actor.number]);
        }
    }

    void look_at(Actor& actor, Claim& claim)
    {
        const auto& own = actor.unit.reservation;
        const bool wants = actor.unit.state == sched::Unit::State::runnable;
        const auto ran = world_.ran(actor) - claim.ran_before;
        const auto slack = 4 * world_.slowest * (world_.picks - claim.picks_before + 4);
        if (claim.deadline != Ticks{} && ran > claim.left + 1 + slack)
            throw Broken(fmt::format("unit {} ran {} ticks, its budget was {}", actor.number, ran,
                                     claim.left));
        claim.is_due = claim.is_due && wants;
        if (claim.is_due && world_.now >= claim.deadline && ran + slack < claim.left)
            throw Broken(fmt::format("unit {} missed its deadline {}: {} of {} ticks", actor.number,
                                     claim.deadline.value(), ran, claim.left));
        if (wants && own.deadline != claim.deadline) {
            const auto running = world_.ran(actor) - actor.ran;
            claim = {.deadline = own.deadline,
                     .left = own.left - std::min(own.left, running),
                     .ran_before = world_.ran(actor),
                     .picks_before = world_.picks,
                     .is_due = true};
        } else if (wants && !claim.is_due) {
            claim = {own.deadline, own.left, world_.ran(actor), world_.picks, true};
        }
        if (claim.is_due && claim.deadline > world_.now)
            world_.probe = std::min(world_.probe, claim.deadline);
    }

    World world_;
    sched::Group group_{DomainId{1}};
    sched::RtdsScheduler scheduler_{};
    std::vector<Claim> claims_;
};

} // namespace

void reservations(std::uint64_t seed, bool tells) { Reservations{seed, tells}.run(); }

void partitions(std::uint64_t seed, bool tells)
{
    using Window = sched::Arinc653Scheduler::Window;
    World world{seed, 1, tells};
    world.frequency = std::array{1'000'000U, 62'500'000U, 24'000'000U}[world.upto(3)];
    sched::Arinc653Scheduler scheduler;
    world.give_cpus(scheduler, 1);
    world.sleeps = [&](Actor& actor) {
        actor.burst = world.between(1, world.us(20'000));
        actor.wakes = world.now + world.between(1, world.us(20'000));
    };
    std::deque<sched::Group> groups;
    const auto units = world.between(1, 6);
    for (std::uint64_t n = 0; n < units; ++n) {
        groups.emplace_back(DomainId{static_cast<std::uint16_t>(n)});
        auto& actor = world.add(groups.back(), scheduler);
        actor.unit.id = VcpuId{0};
        actor.unit.name = {static_cast<std::uint16_t>(n), 0};
        actor.is_busy = world.one_in(2);
        actor.burst = world.between(1, world.us(20'000));
    }
    std::vector<Window> windows;
    tool::ScheduleFacts facts;
    const std::uint64_t grain = world.one_in(2) ? 2'000 : 1'001; // nanoseconds; whole ticks, or not
    const auto count = world.between(1, 64);
    for (std::uint64_t n = 0; n < count; ++n) {
        const auto time = grain * world.between(10, 2'500);
        const auto domain = static_cast<std::uint16_t>(world.upto(units + 1));
        windows.push_back({DomainId{domain}, {}, time});
        facts.windows.push_back({.unit = {domain, 0}, .length = time});
        facts.major_frame += time;
    }
    if (world.one_in(2)) facts.major_frame += grain * world.between(10, 2'500);
    world.run(world.now + world.upto(world.us(1'000)));
    if (!scheduler.set_schedule(windows, facts.major_frame)) throw Broken("a schedule is refused");
    const auto start = world.now;
    constexpr std::uint64_t second = 1'000'000'000;
    constexpr std::uint64_t frames = 20;
    world.run(world.now + frames * (facts.major_frame * world.frequency / second));
    // What is no whole number of ticks is rounded in each frame.
    const auto off_by = facts.major_frame * world.frequency % second == 0 ? 1 : frames + 2;
    world.check(sched::Kind::arinc653, {.resolution = off_by * second / world.frequency}, start,
                facts);
}

} // namespace bulkhead::scheduling
