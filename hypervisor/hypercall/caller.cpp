#include "hypercall/caller.hpp"

namespace bulkhead::hypercall {

Result<void> Caller::check_own(domid_t id) const
{
    if (id == DOMID_SELF || id == domain().id().value()) return {};
    const bool exists = event::EventChannels::of(DomainId{id}) != nullptr;
    return failure(exists ? Error::not_permitted : Error::no_such_process);
}

Result<void> Caller::read_request(unsigned i, std::span<std::byte> bytes, bool is_answered) const
{
    if (is_answered)
        if (auto can = memory().check_writable(pointer(i), bytes.size()); !can) return can;
    return memory().copy_in(bytes, pointer(i));
}

} // namespace bulkhead::hypercall
