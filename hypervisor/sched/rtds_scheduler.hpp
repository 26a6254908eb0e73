#pragma once

#include "sched/queue_scheduler.hpp"

namespace bulkhead::sched {

/// Xen's rtds: each unit is a server with a budget of CPU time in each period; of those with budget
/// left, the ones with the earliest deadlines run (global EDF). Source: Xi, Xu, Lu, Phan, Gill,
/// Sokolsky and Lee, "Real-time multi-core virtual machine scheduling in Xen" (EMSOFT 2014). The
/// budget is deferrable: a unit that sleeps keeps it.
///
/// A plain deferrable server can use its budget twice around the end of a period, and no test by
/// utilization holds for that. So a unit that wakes keeps budget and deadline only if it could use
/// the budget up at its own rate until then; otherwise its period starts anew. That is the wake-up
/// rule of constant bandwidth servers (Abeni, Buttazzo: "Integrating multimedia applications in
/// hard real-time systems", RTSS 1998), and with it each unit loads the CPUs like a sporadic task,
/// so that sum(U) <= m - (m - 1) max(U) suffices on m CPUs for every budget to be there by its
/// deadline (Goossens, Funk, Baruah: "Priority-driven scheduling of periodic task systems on
/// multiprocessors", Real-Time Systems 25, 2003), for units that may run on all of them.
///
/// A unit with extratime whose budget is used up is parked until its deadline, like the others, but
/// may be taken by a CPU that nobody with budget wants.
///
/// Invariants. `left` <= budget <= period. Level 0 in the queue: left > 0 and now < deadline when
/// it was last looked at; level 1: used up. A unit runs without a timer only while nobody waits for
/// its CPU and its budget cannot matter: it has extratime, or budget = period.
class RtdsScheduler final : public QueueScheduler {
public:
    constexpr RtdsScheduler() = default;

    Result<void> adjust(Unit& unit, const Parameters& parameters) override EXCLUDES(lock_);
    [[nodiscard]] Parameters parameters(const Unit& unit) const override;

private:
    void joined(Unit& unit, Ticks now) override;
    void charge(Unit& unit, std::uint64_t ticks, bool alone, Ticks now) override;
    Ticks admit(Unit& unit, Why why, Ticks now) override;
    Ticks limit(Unit& unit, const Unit* rival, Ticks started, Ticks now) override;
    Unit* otherwise(CpuId cpu) override;
    ReadyNode* spare(CpuMask cpus) override;
    CpuMask while_parked(const Unit& unit) override;
};

} // namespace bulkhead::sched
