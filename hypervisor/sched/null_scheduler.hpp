#pragma once

#include "base/lock.hpp"
#include "sched/scheduler.hpp"

#include <array>

namespace bulkhead::sched {

/// One unit, one CPU (Xen's `null`): nothing to decide, no timer, and no lock where a CPU picks
/// what it runs already. Units for which there is no CPU wait for one, first come first served.
///
/// Invariants. A unit owns at most one CPU, which is in its hard affinity and is its placed_on; or
/// it is in waiting_, and no CPU that it may have is free. last_ is what a CPU's latest pick said,
/// as long as that has not slept since.
class NullScheduler final : public Scheduler {
public:
    explicit constexpr NullScheduler(CpuMask cpus = 0) : cpus_(cpus) {}

    Result<void> insert(Unit& unit) override EXCLUDES(lock_);
    void remove(Unit& unit) override EXCLUDES(lock_);
    Result<void> add_cpu(CpuId cpu) override EXCLUDES(lock_);
    Result<void> remove_cpu(CpuId cpu) override EXCLUDES(lock_);
    void wake(Unit& unit) override EXCLUDES(lock_);
    void sleep(Unit& unit) override EXCLUDES(lock_);
    Decision pick(CpuId cpu) override EXCLUDES(lock_);
    Result<void> affinity_changed(Unit& unit) override EXCLUDES(lock_);
    RunTimes run_times(Unit& unit) override EXCLUDES(lock_);

private:
    [[nodiscard]] bool owns(const Unit& unit) const
    {
        return owner_[unit.placed_on.load().value()].load() == &unit;
    }
    void place(Unit& unit) REQUIRES(lock_);
    void give(CpuId cpu) REQUIRES(lock_);
    void leave(Unit& unit) REQUIRES(lock_);

    std::array<std::atomic<Unit*>, max_cpus> owner_{};
    std::array<std::atomic<Unit*>, max_cpus> last_{};
    CpuMask cpus_ GUARDED_BY(lock_);
    ReadyQueue waiting_ GUARDED_BY(lock_);
    Lock<Rank::scheduler> lock_;
};

} // namespace bulkhead::sched
