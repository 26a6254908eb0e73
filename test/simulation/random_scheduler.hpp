#pragma once

#include "base/lock.hpp"
#include "sched/scheduler.hpp"

#include <array>
#include <functional>
#include <map>

namespace bulkhead::simulation {

/// Any decision that a scheduler may come to, and what it may rely on: it throws Broken when it is
/// told something out of order.
class RandomScheduler final : public sched::Scheduler {
public:
    /// For another seed: nobody is inserted. `upto(n)` is a number below n.
    void start(unsigned cpus, std::function<unsigned(unsigned n)> upto)
    {
        cpus_ = cpus;
        upto_ = std::move(upto);
        seats_.clear();
        knows_ = {};
    }

    Result<void> insert(sched::Unit& unit) override;
    void wake(sched::Unit& unit) override;
    void sleep(sched::Unit& unit) override;
    void yield(sched::Unit& /*unit*/) override {}
    sched::Decision pick(CpuId cpu) override;
    void released(sched::Unit& unit) override;

    // Nothing of these happens here.
    void remove(sched::Unit& /*unit*/) override {}
    Result<void> add_cpu(CpuId /*cpu*/) override { return {}; }
    Result<void> remove_cpu(CpuId /*cpu*/) override { return {}; }
    Result<void> adjust(sched::Unit& /*unit*/, const sched::Parameters& /*p*/) override
    {
        return {};
    }
    [[nodiscard]] sched::Parameters parameters(const sched::Unit& /*unit*/) const override
    {
        return {};
    }
    Result<void> affinity_changed(sched::Unit& /*unit*/) override { return {}; }
    sched::RunTimes run_times(sched::Unit& unit) override { return unit.times; }

    /// Does anybody want a CPU? Between two steps of the processors.
    [[nodiscard]] bool is_anyone_left() const;

private:
    static constexpr unsigned nowhere = ~0U;
    struct Seat {
        bool awake = false;
        /// The CPU that has it, or had and has not given it back.
        unsigned cpu = nowhere;
    };
    void ask();

    unsigned cpus_ = 0;
    std::function<unsigned(unsigned n)> upto_;
    Lock<Rank::scheduler> lock_;
    std::map<sched::Unit*, Seat> seats_;
    /// CPUs that have given one back.
    std::array<bool, max_cpus> knows_ = {};
};

} // namespace bulkhead::simulation
