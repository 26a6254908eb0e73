#pragma once

#include "base/types.hpp"
#include "machine/running_vcpu.hpp"
#include "sched/trace_record.hpp"

#include <atomic>
#include <cstdint>

namespace bulkhead::sched {

class Scheduler;

/// The units of one domain, as schedulers see them: what is given to the domain as a whole.
struct Group {
    DomainId id{};
};

/// What a scheduler schedules: the running part of a vCPU. The vCPU derives from it.
struct Unit : machine::RunningVcpu {
    enum class State : std::uint8_t {
        down,          // powered off: its registers are nobody's
        switching_off, // its CPU has still to let go of it
        blocked,       // waits for an interrupt (a trapped WFI)
        runnable,
    };

    std::atomic<State> state = State::down;
    /// Whose vCPU it is.
    trace::UnitName name;
    /// Where it runs, or ran last, or is to run next. Before insert(): the CPU that it would like.
    std::atomic<CpuId> placed_on = CpuId{0};
    /// Whose it is; null until insert().
    std::atomic<Scheduler*> scheduler = nullptr;

    /// Position in its domain.
    VcpuId id{};
    Group* group = nullptr;
    /// Where it may run, and where it would rather. Change them by affinity_changed().
    CpuMask hard_affinity = all_cpus;
    CpuMask soft_affinity = all_cpus;

    /// Is a CPU to have it: to go on, or to let go of it.
    [[nodiscard]] bool wants_cpu() const
    {
        const auto now = state.load(std::memory_order_acquire);
        return now == State::runnable || now == State::switching_off;
    }
};

/// Makes `unit` notice `why` soon: interrupts it if it runs on another CPU, wakes it if it is
/// blocked, does nothing more if it is the caller's own (looked at before the guest is entered).
/// Any CPU; takes no lock above Rank::scheduler.
void notify(Unit& unit, machine::Attention why);

} // namespace bulkhead::sched
