// Xen's hypercalls (public/xen.h): number in x16, arguments in x0-x4, result in x0.

#include "base/result.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::upcall {
namespace {

constexpr std::uint64_t xen_version = 17;
constexpr std::uint64_t xenver_version = 0;
/// The version of the ABI: Debian's tools choose themselves by it.
constexpr std::uint64_t version_4_17 = (4U << 16) | 17;

constexpr std::uint64_t error(Error code)
{
    return static_cast<std::uint64_t>(-static_cast<std::int64_t>(code));
}

} // namespace

void hypercall(RunningVcpu& /*vcpu*/, GuestRegisters& registers)
{
    if (registers.x[16] == xen_version && registers.x[0] == xenver_version)
        registers.x[0] = version_4_17;
    else
        registers.x[0] = error(Error::not_implemented);
}

} // namespace bulkhead::upcall
