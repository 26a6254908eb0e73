#include "device/guest_layout.hpp"
#include "hypercall/caller.hpp"

namespace bulkhead::hypercall {
namespace {

/// HVM_PARAM_CALLBACK_IRQ (public/hvm/params.h): events come as a PPI, active low in the tree.
constexpr std::uint64_t callback_irq = std::uint64_t{HVM_PARAM_CALLBACK_TYPE_PPI} << 56 |
                                       HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL << 8 |
                                       device::guest_layout::event_interrupt.value();

/// 0 where there is nothing: neither a store nor a console of Xen's kind.
Result<std::uint64_t> parameter(std::uint32_t index)
{
    switch (index) {
    case HVM_PARAM_CALLBACK_IRQ: return callback_irq;
    case HVM_PARAM_STORE_PFN:
    case HVM_PARAM_STORE_EVTCHN:
    case HVM_PARAM_CONSOLE_PFN:
    case HVM_PARAM_CONSOLE_EVTCHN: return 0;
    default: return failure(Error::invalid);
    }
}

} // namespace

Outcome hvm_op(Caller caller)
{
    const auto command = caller.number(0);
    if (command != HVMOP_get_param && command != HVMOP_set_param)
        return failure(Error::not_implemented);
    xen_hvm_param request;
    const auto bytes = std::as_writable_bytes(std::span{&request, 1});
    if (auto read = caller.read_request(1, bytes, true); !read) return failure(read.error());
    if (auto own = caller.check_own(request.domid); !own) return failure(own.error());
    const auto value = parameter(request.index);
    if (!value) return value;
    if (command == HVMOP_set_param) return failure(Error::not_permitted);
    request.value = *value;
    if (auto written = caller.memory().copy_out(caller.pointer(1), bytes); !written)
        return failure(written.error());
    return 0;
}

} // namespace bulkhead::hypercall
