#pragma once

#include "base/lock.hpp"
#include "sched/scheduler.hpp"

#include <array>

namespace bulkhead::sched {

/// One unit, one CPU (Xen's `null`): nothing to decide, no timer, and pick() takes no lock.
class NullScheduler final : public Scheduler {
public:
    Result<void> insert(Unit& unit) override EXCLUDES(lock_);
    void remove(Unit& unit) override EXCLUDES(lock_);
    Result<void> add_cpu(CpuId cpu) override EXCLUDES(lock_);
    Result<void> remove_cpu(CpuId cpu) override EXCLUDES(lock_);
    void wake(Unit& unit) override;
    void sleep(Unit& /*unit*/) override {}
    void yield(Unit& /*unit*/) override {}
    Decision pick(CpuId cpu) override;
    void released(Unit& /*unit*/) override {}
    Result<void> adjust(Unit& /*unit*/, const Parameters& /*parameters*/) override { return {}; }
    [[nodiscard]] Parameters parameters(const Unit& /*unit*/) const override { return {}; }
    Result<void> affinity_changed(Unit& unit) override EXCLUDES(lock_);

private:
    [[nodiscard]] CpuMask free_cpus(CpuMask wanted) const REQUIRES(lock_);

    std::array<std::atomic<Unit*>, max_cpus> owner_{};
    CpuMask cpus_ GUARDED_BY(lock_) = all_cpus;
    Lock<Rank::scheduler> lock_;
};

} // namespace bulkhead::sched
