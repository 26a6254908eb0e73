#pragma once

#include "base/lock.hpp"
#include "base/types.hpp"
#include "machine/running_vcpu.hpp"
#include "sched/alarm.hpp"
#include "sched/cap.hpp"
#include "sched/ready_queue.hpp"
#include "sched/trace_record.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace bulkhead::sched {

class Scheduler;

/// The units of one domain, as schedulers see them: what is given to the domain as a whole. They
/// have the same scheduler, whose lock guards this.
struct Group {
    explicit constexpr Group(DomainId domain) : id(domain) {}

    DomainId id;
    std::uint16_t weight = 256;
    std::uint16_t cap_percent = 0;
    Cap cap{};
    unsigned units = 0;   // in the scheduler
    unsigned awake = 0;   // units that want a CPU
    unsigned running = 0; // units that have one
};

/// What a unit does, in Xen's order (RUNSTATE_*, public/vcpu.h), and for how many ticks it did.
enum class RunState : std::uint8_t { running, runnable, blocked, offline };
struct RunTimes {
    RunState state = RunState::offline;
    Ticks since{};
    std::array<std::uint64_t, 4> ticks{};

    /// It is counted from now on, if it was not before.
    void begin(Ticks now)
    {
        if (since == Ticks{}) since = now;
    }
    /// Counted until now.
    [[nodiscard]] RunTimes until(Ticks now) const
    {
        auto times = *this;
        times.enter(state, now);
        return times;
    }
    void enter(RunState next, Ticks now)
    {
        ticks[static_cast<unsigned>(state)] += now - since;
        state = next;
        since = now;
    }
};

/// What a guest's WFI does: stop the CPU itself, come to EL2, or stop it only while nobody else has
/// a use for the CPU.
enum class WaitMode : std::uint8_t { automatic, native, trap };

/// What rtds keeps of a unit, in ticks.
struct Reservation {
    std::uint64_t period = 0;
    std::uint64_t budget = 0;
    bool extratime = true;
    std::uint64_t left = 0; // of the budget, until the deadline
    Ticks deadline{};
};

/// What a scheduler schedules: the running part of a vCPU. The vCPU derives from it.
struct Unit : machine::RunningVcpu, ReadyNode {
    enum class State : std::uint8_t {
        down,          // powered off: its registers are nobody's
        switching_off, // the CPU that has its registers has still to let go of it
        working,       // down, and its domain is to be built anew when it has a CPU
        blocked,       // waits for an interrupt (a trapped WFI)
        runnable,
    };
    static constexpr CpuId nowhere{~std::uint32_t{0}};

    Lock<Rank::unit> lock;
    /// Changes under `lock`, but that the CPU that runs it blocks it.
    std::atomic<State> state = State::down;
    /// What its scheduler was told last: wake() or sleep().
    bool is_awake GUARDED_BY(lock) = false;
    /// Whose vCPU it is.
    trace::UnitName name;
    /// Where it runs, or ran last, or is to run next. Before insert(): the CPU that it would like.
    std::atomic<CpuId> placed_on = CpuId{0};
    /// The CPU that has its registers.
    std::atomic<CpuId> loaded_on = nowhere;
    /// Wakes it when its timer expires while nobody has its registers.
    Alarm timer{Callback<void()>::to<&Unit::wake_up>(*this)};

    WaitMode wait = WaitMode::automatic;
    /// Does its WFI trap, as its registers are. Its CPU's.
    bool wait_traps = false;

    /// Ends its wait, if it waits.
    void wake_up() EXCLUDES(lock);
    /// Whose it is; null until insert().
    std::atomic<Scheduler*> scheduler = nullptr;

    /// Position in its domain.
    VcpuId id{};
    Group* group = nullptr;
    /// Where it may run, and where it would rather. Change them by affinity_changed().
    CpuMask hard_affinity = all_cpus;
    CpuMask soft_affinity = all_cpus;

    /// The CPU that has its registers; 0: none. Set by pick(), cleared by released().
    std::atomic<CpuMask> held_by = 0;

    // Its scheduler's, guarded by that one's lock.
    Unit* next = nullptr; // in the list of the scheduler's units
    RunTimes times;
    std::uint64_t spent = 0;   // credit, credit2: CPU time by weight
    std::uint8_t runqueue = 0; // credit2
    bool is_counted = false;   // credit2: in its queue's load
    Reservation reservation;   // rtds

    /// Is a CPU to have it: to go on, or for its work.
    [[nodiscard]] bool wants_cpu() const
    {
        const auto now = state.load(std::memory_order_acquire);
        return now == State::runnable || now == State::working;
    }
};

/// Makes `unit` notice `why` soon: interrupts the CPU that has its registers, wakes it if it is
/// blocked, does nothing more if it is the caller's own (looked at before the guest is entered).
/// Any CPU; takes no lock above Rank::unit.
void notify(Unit& unit, machine::Attention why);

} // namespace bulkhead::sched
