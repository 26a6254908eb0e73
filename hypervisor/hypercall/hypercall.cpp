// Xen's hypercalls (public/xen.h): number in x16, arguments in x0-x4, result in x0.

#include "hypercall/caller.hpp"
#include "machine/upcalls.hpp"

#include <algorithm>
#include <iterator>

namespace bulkhead::upcall {
namespace {

constexpr struct {
    std::uint64_t number;
    hypercall::Outcome (*carry_out)(const hypercall::Caller& caller);
} calls[] = {
    {__HYPERVISOR_event_channel_op, hypercall::event_channel_op},
    {__HYPERVISOR_sched_op, hypercall::sched_op},
    {__HYPERVISOR_memory_op, hypercall::memory_op},
    {__HYPERVISOR_vcpu_op, hypercall::vcpu_op},
    {__HYPERVISOR_hvm_op, hypercall::hvm_op},
    {__HYPERVISOR_xen_version, hypercall::xen_version},
    {__HYPERVISOR_console_io, hypercall::console_io},
};

hypercall::Outcome carry_out(const hypercall::Caller& caller)
{
    const auto number = caller.registers().x[16];
    const auto* const call =
        std::ranges::find(calls, number, [](const auto& entry) { return entry.number; });
    return call == std::end(calls) ? failure(Error::not_implemented) : call->carry_out(caller);
}

} // namespace

void hypercall(RunningVcpu& running, GuestRegisters& registers)
{
    const auto outcome = carry_out({domain::vcpu_of(running), registers});
    registers.x[0] = outcome ? *outcome : -static_cast<std::uint64_t>(outcome.error());
}

} // namespace bulkhead::upcall
