#pragma once

#include "base/lock.hpp"
#include "sched/scheduler.hpp"

#include <array>

namespace bulkhead::sched {

/// What credit, credit2 and rtds have in common: one queue of the units that are ready, in the
/// order of their turns, from which each CPU takes the first that it may run. They differ in the
/// turns, and in how long a unit may go on.
///
/// Time is charged when something happens: when a CPU picks, and when somebody becomes ready who
/// compares himself with those that run. A CPU that nobody waits for has no timer, and learns of
/// the first who does.
///
/// A unit that wants a CPU is in exactly one of three places: current on the CPU where it was
/// picked (and not linked), in queue_, or parked on a CPU until it may run again. One that is held
/// by a CPU (its registers are there) is in the queue for that CPU only.
class QueueScheduler : public Scheduler {
public:
    Result<void> insert(Unit& unit) final EXCLUDES(lock_);
    void remove(Unit& unit) final EXCLUDES(lock_);
    Result<void> add_cpu(CpuId cpu) final EXCLUDES(lock_);
    Result<void> remove_cpu(CpuId cpu) final EXCLUDES(lock_);
    void wake(Unit& unit) final EXCLUDES(lock_);
    void sleep(Unit& unit) final EXCLUDES(lock_);
    void yield(Unit& unit) final EXCLUDES(lock_);
    Decision pick(CpuId cpu) final EXCLUDES(lock_);
    void released(Unit& unit) final EXCLUDES(lock_);
    Result<void> affinity_changed(Unit& unit) final EXCLUDES(lock_);
    RunTimes run_times(Unit& unit) final EXCLUDES(lock_);

protected:
    ~QueueScheduler() = default;

    enum class Why : std::uint8_t {
        woke,
        due, // was parked until now
        preempted,
    };

    // What each scheduler says; called with the lock held.

    /// A unit has come, asleep or not.
    virtual void joined(Unit& unit, Ticks now) = 0;
    /// It has run for `ticks`. Alone: nobody waited for its CPU.
    virtual void charge(Unit& unit, std::uint64_t ticks, bool alone, Ticks now) = 0;
    /// It wants a CPU: sets its turn. Says from when on it may have one; now, or later.
    virtual Ticks admit(Unit& unit, Why why, Ticks now) = 0;
    /// Until when may it run, having started then, if `rival` is the next for its CPU (or nobody).
    virtual Ticks limit(Unit& unit, const Unit* rival, Ticks started, Ticks now) = 0;
    /// Who runs on `cpu` when nobody in the queue may: not linked any more then.
    virtual Unit* otherwise(CpuId /*cpu*/) { return nullptr; }
    /// Who is parked, and could run on one of `cpus` nevertheless.
    virtual ReadyNode* spare(CpuMask /*cpus*/) { return nullptr; }
    /// Which CPUs may take it while it is parked.
    virtual CpuMask while_parked(const Unit& /*unit*/) { return 0; }
    /// The CPUs of the pool where it may run.
    virtual CpuMask allowed(const Unit& unit) { return unit.hard_affinity & cpus_; }
    /// The pool has other CPUs, or a unit another affinity.
    virtual void placement_changed() {}
    /// It wants a CPU now, or does not any more.
    virtual void awake_changed(Unit& /*unit*/, bool /*is_awake*/) {}
    /// CPUs that may take it from the queue with otherwise().
    virtual CpuMask by_stealing(const Unit& /*unit*/) { return 0; }

    /// Allowed, and not on another CPU.
    CpuMask available(const Unit& unit)
    {
        return (allowed(unit) & holder(unit)) | by_stealing(unit) << max_cpus;
    }
    static CpuMask holder(const Unit& unit)
    {
        const auto held = unit.held_by.load();
        return held == 0 ? all_cpus : held;
    }
    /// The others of its group that run are made to pick when nothing is left for them.
    void charge_cap(Group& group, std::uint64_t ticks);
    void reach(Unit& unit, Ticks now);
    /// Until when the cap lets a unit of the group go on, that has just got a CPU.
    Ticks limit_by_cap(Group& group, Ticks now);

    struct Cpu {
        Unit* current = nullptr;
        Ticks started{};       // when current was picked first
        Ticks since{};         // until when it was charged
        bool alone = false;    // nobody is ready for it
        bool unwanted = false; // and nobody would take it if it were idle
        bool yields = false;
        ReadyQueue parked; // by the time when they may run
    };

    Lock<Rank::scheduler> lock_;
    CpuMask cpus_ = 0;
    ReadyQueue queue_;
    std::array<Cpu, max_cpus> cpu_{};
    Unit* units_ = nullptr;
    /// How long a unit may go on whoever comes, and what others have to be ahead by.
    std::uint64_t ratelimit_ = 0;

private:
    Cpu& cpu_of(const Unit& unit) { return cpu_[unit.placed_on.load().value()]; }
    bool is_running(const Unit& unit) { return cpu_of(unit).current == &unit; }
    bool is_awake(const Unit& unit) { return unit.queue != nullptr || is_running(unit); }

    void settle(Cpu& cpu, Ticks now);
    void tell(unsigned cpu);
    void offer(Unit& unit, Why why, Ticks now);
    void find_cpu(Unit& unit, Ticks now);
    void park(Unit& unit, Ticks until, bool here, Ticks now);
    void expel(Unit& unit);
    void take_out(Unit& unit, Ticks now);
    void fell_asleep(Unit& unit, Ticks now);
    void woke_up(Unit& unit, Ticks now);
    void refresh(Ticks now);
    Unit* unpark(CpuId id, bool is_free, Ticks now);

    CpuMask idle_ = 0;
    CpuMask told_ = 0; // they are about to pick
};

} // namespace bulkhead::sched
