#include "base/bits.hpp"
#include "hypercall/caller.hpp"

namespace bulkhead::hypercall {
namespace {

Result<void> register_vcpu_info(Caller caller, VcpuId vcpu, const vcpu_register_vcpu_info& request)
{
    if (!is_aligned(request.offset, 8) || request.offset > page_size - sizeof(event::VcpuInfo))
        return failure(Error::invalid);
    // Another one that runs would lose what it is looking at.
    if (vcpu != caller.vcpu().id && caller.domain().is_on(vcpu)) return failure(Error::invalid);
    const auto page = caller.memory().page(Gfn{request.mfn});
    if (!page) return failure(Error::invalid);
    return caller.domain().events().share_vcpu_info(vcpu, *page + request.offset);
}

} // namespace

Outcome vcpu_op(Caller caller)
{
    const VcpuId vcpu{caller.number(1)};
    if (vcpu.value() >= caller.domain().vcpus().size()) return failure(Error::no_entry);
    switch (caller.number(0)) {
    case VCPUOP_register_vcpu_info:
        return caller.with<vcpu_register_vcpu_info>(
            2, [&](const auto& request) { return register_vcpu_info(caller, vcpu, request); });
    case VCPUOP_register_runstate_memory_area:
        return caller.with<vcpu_register_runstate_memory_area>(
            2, [&](const vcpu_register_runstate_memory_area& area) {
                // A vCPU has its CPU to itself: in RUNSTATE_running, 0, since the domain's time 0.
                return caller.memory().write(VirtualAddress{area.addr.p}, vcpu_runstate_info{});
            });
    default: return failure(Error::invalid);
    }
}

} // namespace bulkhead::hypercall
