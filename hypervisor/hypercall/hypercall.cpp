// Xen's hypercalls (public/xen.h): number in x16, arguments in x0-x4, result in x0.

#include "hypercall/caller.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::upcall {
namespace {

hypercall::Outcome carry_out(hypercall::Caller caller)
{
    switch (caller.registers().x[16]) {
    case __HYPERVISOR_event_channel_op: return hypercall::event_channel_op(caller);
    case __HYPERVISOR_sched_op: return hypercall::sched_op(caller);
    case __HYPERVISOR_memory_op: return hypercall::memory_op(caller);
    case __HYPERVISOR_vcpu_op: return hypercall::vcpu_op(caller);
    case __HYPERVISOR_hvm_op: return hypercall::hvm_op(caller);
    case __HYPERVISOR_xen_version: return hypercall::xen_version(caller);
    case __HYPERVISOR_console_io: return hypercall::console_io(caller);
    default: return failure(Error::not_implemented);
    }
}

} // namespace

void hypercall(RunningVcpu& running, GuestRegisters& registers)
{
    const auto outcome = carry_out({domain::vcpu_of(running), registers});
    registers.x[0] = outcome ? *outcome : -static_cast<std::uint64_t>(outcome.error());
}

} // namespace bulkhead::upcall
