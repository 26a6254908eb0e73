#pragma once

#include "base/types.hpp"
#include "machine/guest_state.hpp"
#include "memory/guest_memory.hpp"
#include "sched/unit.hpp"

namespace bulkhead::domain {

class Domain;

/// A virtual CPU: what runs (sched::Unit), its registers while it does not, and whose it is.
struct Vcpu : sched::Unit {
    Domain* domain = nullptr;
    machine::GuestState registers{};
    /// Where the guest reads what the vCPU did (VCPUOP_register_runstate_memory_area): written each
    /// time that it gets a CPU, if that is wanted.
    memory::SharedBytes run_state_area GUARDED_BY(lock);
    std::atomic<bool> wants_run_state = false;

    void tell_run_state() EXCLUDES(lock);
};

/// The vCPU behind what the processor's side calls running; only where it has a guest.
inline Vcpu& vcpu_of(machine::RunningVcpu& running) { return static_cast<Vcpu&>(running); }

} // namespace bulkhead::domain
