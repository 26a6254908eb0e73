#pragma once

#include "sched/arinc653_scheduler.hpp"
#include "sched/options.hpp"
#include "sched/scheduler.hpp"

#include <span>

/// CPU pools, as Xen has them: each CPU is in one pool at most, each pool has a scheduler of its
/// own, and a domain's units are in one pool. At first all CPUs are in pool 0, whose scheduler is
/// null.
namespace bulkhead::sched::pools {

using PoolId = StrongInteger<struct PoolIdTag, std::uint32_t>;
inline constexpr std::uint32_t most_pools = 8;

struct Pool {
    Kind kind = Kind::null;
    Scheduler* scheduler = nullptr; // null: there is no such pool
    CpuMask cpus = 0;
};

/// Before the first unit comes: pool 0 has this scheduler and these CPUs, the options are
/// everybody's.
void start(Kind kind, const Options& options, CpuMask cpus = all_cpus);

/// no_space: there are most_pools already.
Result<PoolId> create(Kind kind);
/// busy: it has CPUs, or is pool 0.
Result<void> destroy(PoolId pool);
/// A CPU that is in no pool is the pool's. busy: it is in one, or the scheduler takes no more.
Result<void> add_cpu(PoolId pool, CpuId cpu);
/// The CPU is in no pool, and idle. busy: a unit can run nowhere else in its pool.
Result<void> remove_cpu(CpuId cpu);
/// All units of a domain go on in `pool`, with the parameters that they have. One whose hard
/// affinity has no CPU of the pool may run on all of them.
Result<void> move(std::span<Unit* const> units, PoolId pool);
/// invalid: the pool's scheduler is not arinc653.
Result<void> set_schedule(PoolId pool, std::span<const Arinc653Scheduler::Window> windows,
                          std::uint64_t major_frame_ns);

/// As it is now.
Pool at(PoolId pool);

} // namespace bulkhead::sched::pools
