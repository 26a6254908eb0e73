#pragma once

#include "base/types.hpp"
#include "machine/guest_state.hpp"
#include "sched/unit.hpp"

namespace bulkhead::domain {

class Domain;

/// A virtual CPU: what runs (sched::Unit), its registers while it does not, and whose it is.
struct Vcpu : sched::Unit {
    Domain* domain = nullptr;
    machine::GuestState registers{};
};

/// The vCPU behind what the processor's side calls running; only where it has a guest.
inline Vcpu& vcpu_of(machine::RunningVcpu& running) { return static_cast<Vcpu&>(running); }

} // namespace bulkhead::domain
