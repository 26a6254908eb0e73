#pragma once

#include "sched/options.hpp"
#include "sched/queue_scheduler.hpp"

namespace bulkhead::sched {

/// Xen's credit2: proportional share by credit, with a rate limit, caps and load balancing. Source:
/// George Dunlap, "Scheduler development update" (Xen Summit Asia 2009), and the notes at the head
/// of Xen's own: a unit burns credit at a rate inverse to its weight, who has most credit runs, and
/// when the next one has none left, everybody gets the same more (a reset).
///
/// Here a reset touches nobody: a queue knows what everybody was given in all (`given`), a unit
/// what it burnt (Unit::spent), and its credit is the difference. So the order is that of `spent`,
/// whatever was given.
///
/// Invariants. A unit that gets a CPU has credit (spent < given): otherwise there is a reset.
/// Credit is never more than a reset and a little (most_): who sleeps, or cannot use its share,
/// does not save for later. A unit that nobody waits for gets into no debt. A unit's queue has a
/// CPU of its hard affinity; the loads are the sums of the weights of who wants a CPU.
class Credit2Scheduler final : public QueueScheduler {
public:
    constexpr Credit2Scheduler() = default;
    /// Before the first unit comes.
    void start(const Options& options);

    Result<void> adjust(Unit& unit, const Parameters& parameters) override EXCLUDES(lock_);
    [[nodiscard]] Parameters parameters(const Unit& unit) const override;

private:
    struct RunQueue {
        CpuMask cpus = 0;
        std::uint64_t given = 0;
        std::uint32_t load = 0;
    };

    void joined(Unit& unit, Ticks now) override;
    void charge(Unit& unit, std::uint64_t ticks, bool alone, Ticks now) override;
    Ticks admit(Unit& unit, Why why, Ticks now) override;
    Ticks limit(Unit& unit, const Unit* rival, Ticks started, Ticks now) override;
    Unit* otherwise(CpuId cpu) override;
    CpuMask allowed(const Unit& unit) override;
    CpuMask by_stealing(const Unit& unit) override;
    void placement_changed() override;
    void awake_changed(Unit& unit, bool is_awake) override;

    [[nodiscard]] unsigned queue_of(unsigned cpu) const { return per_cpu_ ? cpu : cpu / 16; }
    [[nodiscard]] unsigned lightest(const Unit& unit, CpuMask able) const;
    void move(Unit& unit, unsigned queue);
    void balance(Unit& unit);
    void clip(Unit& unit, std::uint64_t most);
    void weights_changed();

    std::array<RunQueue, max_cpus> queues_{};
    bool is_single_ = true;
    bool per_cpu_ = false;
    std::uint64_t cap_period_ = 0;
    std::uint64_t slice_min_ = 0;
    std::uint64_t slice_max_ = 0;
    /// In the unit of `spent`: what a reset gives, which is Xen's for the highest weight; and the
    /// most credit that anybody has, which is Xen's for the lowest weight, so that who waits
    /// longest for its small share does not lose it, nor draws level with who has a large one.
    std::uint64_t reset_ = 0;
    std::uint64_t most_ = 0;
};

} // namespace bulkhead::sched
