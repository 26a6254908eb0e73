#pragma once

#include "base/fixed_vector.hpp"
#include "base/lock.hpp"
#include "sched/scheduler.hpp"

#include <span>

namespace bulkhead::sched {

/// Xen's arinc653: a table of windows that repeats itself every major frame. Source: ARINC
/// specification 653 part 1, "Avionics application software standard interface", 2.3.1: partition
/// scheduling is fixed by the integrator; a partition has the CPU in its windows and in no other
/// time, whether it uses them or not.
///
/// The pool has one CPU: windows that run at the same time are tables of different pools.
///
/// Invariants. Windows follow each other without gaps from the frame's start, in the table's order;
/// what is left of the frame, and a window whose unit sleeps, is idle. All times are counted from
/// when the schedule was set, so that nothing drifts.
class Arinc653Scheduler final : public Scheduler {
public:
    /// In nanoseconds, as in Xen.
    struct Window {
        DomainId domain{};
        VcpuId vcpu{};
        std::uint64_t run_time = 0;
    };
    static constexpr std::size_t most_windows = 64;

    constexpr Arinc653Scheduler() = default;
    /// From now on. invalid when a window has no time, or they do not fit the frame.
    Result<void> set_schedule(std::span<const Window> windows, std::uint64_t major_frame)
        EXCLUDES(lock_);

    /// A unit that no window names never runs.
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
    struct Entry {
        Window window;
        std::uint64_t end = 0; // in ticks from the frame's start
        Unit* unit = nullptr;
    };

    void find_units() REQUIRES(lock_);
    const Entry* entry_at(Ticks now) REQUIRES(lock_);
    void look_again() const REQUIRES(lock_);
    /// Into the trace, when another window, or the slack, begins.
    void note(const Entry* entry) REQUIRES(lock_);

    FixedVector<Entry, most_windows> entries_ GUARDED_BY(lock_);
    std::uint64_t frame_ GUARDED_BY(lock_) = 0;
    Ticks frame_start_ GUARDED_BY(lock_){};
    CpuMask cpu_ GUARDED_BY(lock_) = 0;
    Unit* units_ GUARDED_BY(lock_) = nullptr;
    Unit* current_ GUARDED_BY(lock_) = nullptr;
    static constexpr std::size_t none = ~std::size_t{0};
    std::size_t noted_ GUARDED_BY(lock_) = none; // most_windows: the slack
    Lock<Rank::scheduler> lock_;
};

} // namespace bulkhead::sched
