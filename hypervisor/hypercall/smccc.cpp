// Calls by the SMC calling convention (Arm DEN0028), through HVC #0 or SMC #0: the convention
// itself, Xen's hypervisor service, and PSCI.

#include "domain/domain.hpp"
#include "hypercall/psci.hpp"
#include "hypercall/watchdog.hpp"
#include "machine/speculation.hpp"
#include "machine/upcalls.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::upcall {
namespace {

constexpr std::uint64_t not_supported = ~std::uint64_t{0};
constexpr std::uint64_t smccc_version_1_2 = 0x1'0002;

// Arm architecture calls (DEN0028, 7)
constexpr std::uint32_t smccc_version = 0x8000'0000;
constexpr std::uint32_t smccc_arch_features = 0x8000'0001;

using machine::Workaround;
constexpr bool is_workaround(std::uint32_t function)
{
    return function == std::uint32_t(Workaround::branches) ||
           function == std::uint32_t(Workaround::stores) ||
           function == std::uint32_t(Workaround::branch_history);
}

/// The general queries of a service (DEN0028, 6.2): how many functions, whose, which revision.
struct Service {
    std::uint32_t base;
    std::uint32_t functions;
    std::array<std::uint32_t, 4> uid;
};
constexpr std::uint32_t call_count = 0xff00;
constexpr std::uint32_t call_uid = 0xff01;
constexpr std::uint32_t call_revision = 0xff03;

/// Xen's identities (public/arch-arm/smccc.h), a byte of the UUID after the other from bit 0 on;
/// the revision of both is 0.1. Guests know by the first that they run under Xen's interface.
constexpr Service services[] = {
    {.base = 0x8500'0000,
     .functions = 3,
     .uid = {0xdc12'18a7, 0x6943'98c6, 0xd179'cf9a, 0x67e6'de8d}},
    {.base = 0x8400'0000,
     .functions = 3 + hypercall::psci_function_count,
     .uid = {0x6f38'63f8, 0xbd4c'394b, 0x16ce'2092, 0x6f9f'e541}},
};

bool answer_general_query(std::uint32_t function, GuestRegisters& registers)
{
    for (const auto& service : services) {
        if (function == service.base + call_count) {
            registers.x[0] = service.functions;
        } else if (function == service.base + call_uid) {
            std::ranges::copy(service.uid, registers.x.begin());
        } else if (function == service.base + call_revision) {
            registers.x[0] = 0;
            registers.x[1] = 1;
        } else {
            continue;
        }
        return true;
    }
    return false;
}

/// A call whose answer is not always the same.
[[gnu::noinline]] void look_up(domain::Vcpu& vcpu, std::uint32_t function,
                               GuestRegisters& registers)
{
    if (hypercall::psci_call(vcpu, registers)) return;
    switch (function) {
    case hypercall::watchdog_call: hypercall::call_watchdog(vcpu.domain->watch(), registers); break;
    case smccc_arch_features: {
        const auto asked = static_cast<std::uint32_t>(registers.x[1]);
        const bool known = asked == smccc_version || asked == smccc_arch_features;
        registers.x[0] = known ? 0
                         : is_workaround(asked)
                             ? static_cast<std::uint64_t>(machine::workaround(Workaround{asked}))
                             : not_supported;
        break;
    }
    default:
        // The way into EL2 has done what a workaround is to do; they return nothing.
        if (is_workaround(function) && machine::workaround(Workaround{function}) >= 0) break;
        if (!answer_general_query(function, registers)) registers.x[0] = not_supported;
        break;
    }
}

} // namespace

void firmware_call(RunningVcpu& running, GuestRegisters& registers)
{
    // The function identifier is W0 (DEN0028, 2.5).
    const auto function = static_cast<std::uint32_t>(registers.x[0]);
    switch (function) {
    case hypercall::psci_version: registers.x[0] = hypercall::psci_1_1; break;
    case smccc_version: registers.x[0] = smccc_version_1_2; break;
    default: look_up(domain::vcpu_of(running), function, registers);
    }
}

} // namespace bulkhead::upcall
