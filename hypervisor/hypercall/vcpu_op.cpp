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

/// From now on, in place of where it was before.
Result<void> register_run_state(Caller caller, VcpuId id, VirtualAddress address)
{
    const auto area = caller.memory().locate(address, sizeof(vcpu_runstate_info));
    if (!area) return failure(area.error());
    auto& vcpu = caller.domain().vcpus()[id.value()];
    {
        const Guard guard{vcpu.lock};
        vcpu.run_state_area = *area;
        vcpu.wants_run_state = true;
    }
    vcpu.tell_run_state();
    return {};
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
                return register_run_state(caller, vcpu, VirtualAddress{area.addr.p});
            });
    default: return failure(Error::invalid);
    }
}

} // namespace bulkhead::hypercall
