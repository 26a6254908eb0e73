#include "sched/cpu_pool.hpp"

#include "base/bits.hpp"
#include "machine/cpu.hpp"
#include "sched/credit2_scheduler.hpp"
#include "sched/credit_scheduler.hpp"
#include "sched/null_scheduler.hpp"
#include "sched/rtds_scheduler.hpp"
#include "sched/run_loop.hpp"

#include <algorithm>
#include <array>
#include <new>

namespace bulkhead::sched {
namespace {

/// Schedulers are built where they stay: nothing is allocated after boot.
struct Place {
    static constexpr auto size =
        std::max({sizeof(NullScheduler), sizeof(CreditScheduler), sizeof(Credit2Scheduler),
                  sizeof(RtdsScheduler), sizeof(Arinc653Scheduler)});
    alignas(cache_line) std::array<std::byte, size> bytes;
};
constinit std::array<Place, pools::most_pools> places{};

constinit NullScheduler at_first{all_cpus};
/// Of the CPUs that are in no pool.
constinit NullScheduler of_nobody{0};

constinit Lock<Rank::cpu_pools> lock;
constinit std::array<pools::Pool, pools::most_pools> all GUARDED_BY(lock){
    pools::Pool{.kind = Kind::null, .scheduler = &at_first, .cpus = all_cpus}};
constinit std::array<std::atomic<Scheduler*>, max_cpus> owners{};
constinit Options options;

Scheduler* build(Kind kind, Place& place)
{
    void* const at = place.bytes.data();
    switch (kind) {
    case Kind::credit: {
        auto* credit = new (at) CreditScheduler;
        credit->start(options);
        return credit;
    }
    case Kind::credit2: {
        auto* credit2 = new (at) Credit2Scheduler;
        credit2->start(options);
        return credit2;
    }
    case Kind::rtds: return new (at) RtdsScheduler;
    case Kind::arinc653: return new (at) Arinc653Scheduler;
    default: return new (at) NullScheduler;
    }
}

bool exists(pools::PoolId id) REQUIRES(lock)
{
    return id.value() < pools::most_pools && all[id.value()].scheduler != nullptr;
}

Result<void> give(pools::Pool& pool, CpuId cpu) REQUIRES(lock)
{
    auto& owner = owners[cpu.value()];
    auto* const before = owner.exchange(pool.scheduler);
    if (auto added = pool.scheduler->add_cpu(cpu); !added) {
        owner = before;
        return added;
    }
    pool.cpus |= bit(cpu.value());
    ask_to_pick(cpu);
    return {};
}

} // namespace

Scheduler& scheduler_of(CpuId cpu)
{
    auto* owner = owners[cpu.value()].load(std::memory_order_acquire);
    return owner == nullptr ? at_first : *owner;
}

namespace pools {

void start(Kind kind, const Options& chosen, CpuMask cpus)
{
    const Guard guard{lock};
    options = chosen;
    all = {};
    for (auto& owner : owners)
        owner = &of_nobody;
    auto& first = all[0];
    first = {.kind = kind, .scheduler = build(kind, places[0]), .cpus = 0};
    for (std::uint32_t cpu = 0; cpu < machine::cpu_count(); ++cpu)
        if ((cpus & bit(cpu)) != 0)
            static_cast<void>(give(first, CpuId{cpu})); // arinc653 takes one
}

Result<PoolId> create(Kind kind)
{
    const Guard guard{lock};
    auto* const free = std::ranges::find(all, nullptr, &Pool::scheduler);
    if (free == all.end()) return failure(Error::no_space);
    const auto n = static_cast<std::uint32_t>(free - all.begin());
    *free = {.kind = kind, .scheduler = build(kind, places[n]), .cpus = 0};
    return PoolId{n};
}

Result<void> destroy(PoolId id)
{
    const Guard guard{lock};
    if (!exists(id)) return failure(Error::no_entry);
    if (id == PoolId{0} || all[id.value()].cpus != 0) return failure(Error::busy);
    all[id.value()] = {};
    return {};
}

Result<void> add_cpu(PoolId id, CpuId cpu)
{
    const Guard guard{lock};
    if (!exists(id) || cpu.value() >= machine::cpu_count()) return failure(Error::no_entry);
    if (owners[cpu.value()].load() != &of_nobody) return failure(Error::busy);
    return give(all[id.value()], cpu);
}

Result<void> remove_cpu(CpuId cpu)
{
    const Guard guard{lock};
    auto* const pool = std::ranges::find_if(
        all, [&](const Pool& each) { return (each.cpus & bit(cpu.value())) != 0; });
    if (pool == all.end()) return failure(Error::no_entry);
    if (auto removed = pool->scheduler->remove_cpu(cpu); !removed) return removed;
    pool->cpus &= ~bit(cpu.value());
    owners[cpu.value()] = &of_nobody;
    ask_to_pick(cpu);
    return {};
}

Result<void> move(std::span<Unit* const> units, PoolId id)
{
    const Guard guard{lock};
    if (!exists(id) || units.empty()) return failure(Error::no_entry);
    auto& to = all[id.value()];
    if (to.cpus == 0) return failure(Error::busy);
    auto* const from = units.front()->scheduler.load();
    if (from == to.scheduler) return {};
    const auto& group = *units.front()->group;
    const Parameters parameters{.weight = group.weight, .cap = group.cap_percent};
    for (auto* unit : units)
        unit->scheduler.load()->remove(*unit);
    for (auto* unit : units) {
        if ((unit->hard_affinity & to.cpus) == 0) unit->hard_affinity = all_cpus;
        if (auto inserted = to.scheduler->insert(*unit); !inserted) return inserted;
    }
    if (to.kind == Kind::credit || to.kind == Kind::credit2)
        return to.scheduler->adjust(*units.front(), parameters);
    return {};
}

Result<void> set_schedule(PoolId id, std::span<const Arinc653Scheduler::Window> windows,
                          std::uint64_t major_frame_ns)
{
    const Guard guard{lock};
    if (!exists(id)) return failure(Error::no_entry);
    if (all[id.value()].kind != Kind::arinc653) return failure(Error::invalid);
    return static_cast<Arinc653Scheduler*>(all[id.value()].scheduler)
        ->set_schedule(windows, major_frame_ns);
}

Pool at(PoolId id)
{
    const Guard guard{lock};
    return id.value() < most_pools ? all[id.value()] : Pool{};
}

} // namespace pools
} // namespace bulkhead::sched
