#include "hypercall/caller.hpp"

namespace bulkhead::hypercall {
namespace {

/// Bits above say where to go on with a long command.
constexpr std::uint32_t command_mask = 0x3f;

/// Xen puts a page of its own in place of the guest's. Here the guest's page is used instead: it
/// sees the same, and its memory stays in the blocks that it is mapped in.
Result<void> add_to_physmap(Caller caller, const xen_add_to_physmap& request)
{
    if (auto own = caller.check_own(request.domid); !own) return own;
    if (request.space != XENMAPSPACE_shared_info) return failure(Error::not_implemented);
    if (request.idx != 0) return failure(Error::invalid);
    const auto page = caller.memory().page(Gfn{request.gpfn});
    if (!page) return failure(Error::invalid);
    return caller.domain().events().share_info(*page);
}

} // namespace

Outcome memory_op(Caller caller)
{
    if ((caller.number(0) & command_mask) != XENMEM_add_to_physmap)
        return failure(Error::not_implemented);
    return caller.with<xen_add_to_physmap>(
        1, [&](const auto& request) { return add_to_physmap(caller, request); });
}

} // namespace bulkhead::hypercall
