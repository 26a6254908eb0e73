// CPUs and domains that move between pools while they run.

#include "base/bits.hpp"
#include "sched/cpu_pool.hpp"
#include "scheduling/scenarios.hpp"

#include <array>

namespace bulkhead::scheduling {
namespace {

namespace pools = sched::pools;
using sched::Kind;

constexpr std::array kinds{Kind::null, Kind::credit, Kind::credit2, Kind::rtds, Kind::arinc653};

} // namespace

void moving(std::uint64_t seed, bool tells)
{
    World world{seed, static_cast<unsigned>(2 + seed % 4), tells};
    world.frequency = 10'000'000;
    world.slowest = world.upto(20);
    const auto cpu_count = static_cast<unsigned>(world.cpus.size());
    pools::start(kinds[world.upto(4)], {});
    std::deque<sched::Group> groups;
    std::vector<std::vector<sched::Unit*>> domains;
    world.sleeps = [&](Actor& actor) {
        actor.burst = world.between(1, world.us(5'000));
        actor.wakes = world.now + world.between(1, world.us(5'000));
    };
    for (std::uint64_t n = world.between(1, 6); n != 0; --n) {
        auto& group = groups.emplace_back(DomainId{static_cast<std::uint16_t>(groups.size() + 1)});
        auto& units = domains.emplace_back();
        for (std::uint64_t unit = world.between(1, 3); unit != 0; --unit) {
            auto& actor = world.add(group, sched::scheduler_of(CpuId{0}));
            actor.is_busy = world.one_in(2);
            actor.burst = world.between(1, world.us(5'000));
            units.push_back(&actor.unit);
        }
    }
    world.picked = [&](World::Cpu& cpu, sched::Decision decision) {
        const auto n = static_cast<unsigned>(&cpu - world.cpus.data());
        if (decision.unit != nullptr &&
            decision.unit->scheduler.load() != &sched::scheduler_of(CpuId{n}))
            throw Broken(fmt::format("CPU {} runs a unit of another pool", n));
    };
    const auto any_pool = [&] { return pools::PoolId{static_cast<std::uint32_t>(world.upto(4))}; };
    for (unsigned n = 0; n < 60; ++n) {
        world.run(world.now + world.us(world.between(100, 20'000)));
        world.current = static_cast<unsigned>(world.upto(cpu_count));
        const CpuId cpu{static_cast<std::uint32_t>(world.upto(cpu_count))};
        bool done = false;
        switch (world.upto(5)) {
        case 0: done = pools::create(kinds[world.upto(kinds.size())]).has_value(); break;
        case 1: done = pools::destroy(any_pool()).has_value(); break;
        case 2: done = pools::remove_cpu(cpu).has_value(); break;
        case 3: done = pools::add_cpu(any_pool(), cpu).has_value(); break;
        default: {
            auto& units = domains[world.upto(domains.size())];
            const auto pool = any_pool();
            done = pools::move(units, pool).has_value();
            const sched::Arinc653Scheduler::Window window{units.front()->group->id,
                                                          units.front()->id, 1'000'000};
            if (done) static_cast<void>(pools::set_schedule(pool, {&window, 1}, 2'000'000));
            for (auto* unit : units)
                if (done && unit->scheduler.load() != pools::at(pool).scheduler)
                    throw Broken("a unit is not in its domain's pool");
        }
        }
        world.tell("step {}: {}", n, done);
    }
    world.watch = [] {};
    for (auto& actor : world.actors)
        if (auto* own = actor.unit.scheduler.load()) own->remove(actor.unit);
}

} // namespace bulkhead::scheduling
