#pragma once

#include "base/types.hpp"
#include "machine/running_vcpu.hpp"
#include "sched/trace_record.hpp"

#include <atomic>
#include <cstdint>

namespace bulkhead::sched {

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
    /// Where it runs, or ran last.
    std::atomic<CpuId> placed_on = CpuId{0};
};

/// Makes `unit` notice `why` soon: interrupts it if it runs on another CPU, wakes it if it is
/// blocked, does nothing more if it is the caller's own (looked at before the guest is entered).
/// Any CPU; takes no lock above Rank::scheduler.
void notify(Unit& unit, machine::Attention why);

} // namespace bulkhead::sched
