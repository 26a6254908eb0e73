#include "hypercall/psci.hpp"

#include "base/log.hpp"
#include "domain/domain.hpp"
#include "sched/run_loop.hpp"

#include <bit>
#include <optional>

namespace bulkhead::hypercall {
namespace {

using device::affinity_of;
using domain::Domain;
using domain::Vcpu;

/// Function identifiers (DEN0022, 5.1); with bit 30 the SMC64 form.
enum class Function : std::uint32_t {
    version = psci_version,
    cpu_suspend = 0x8400'0001,
    cpu_off = 0x8400'0002,
    cpu_on = 0x8400'0003,
    affinity_info = 0x8400'0004,
    migrate_info_type = 0x8400'0006,
    system_off = 0x8400'0008,
    system_reset = 0x8400'0009,
    features = 0x8400'000a,
    system_reset2 = 0x8400'0012,
    // PSCI 0.1 had no numbers of its own: these are the ones of Xen's device trees.
    cpu_off_0_1 = 1,
    cpu_on_0_1 = 2,
};
constexpr std::uint32_t smc64 = 1U << 30;

/// Functions of PSCI's own range, a bit each, and those of them that have an SMC64 form.
constexpr std::uint32_t numbered(auto... functions)
{
    return ((std::uint32_t{1} << (static_cast<std::uint32_t>(functions) & 0x1f)) | ...);
}
constexpr auto with_smc64 = numbered(Function::cpu_suspend, Function::cpu_on,
                                     Function::affinity_info, Function::system_reset2);
constexpr auto with_smc32 =
    with_smc64 | numbered(Function::version, Function::cpu_off, Function::migrate_info_type,
                          Function::system_off, Function::system_reset, Function::features);
static_assert(std::popcount(with_smc32) + std::popcount(with_smc64) + 2 == psci_function_count);

enum class Status : std::int64_t {
    success = 0,
    not_supported = -1,
    invalid_parameters = -2,
    denied = -3,
    already_on = -4,
    invalid_address = -9,
};

constexpr std::uint64_t affinity_on = 0;
constexpr std::uint64_t affinity_off = 1;
/// MIGRATE_INFO_TYPE: no trusted OS that would have to be moved.
constexpr std::uint64_t no_migration_needed = 2;
constexpr std::uint32_t smccc_version = 0x8000'0000;
/// SYSTEM_RESET2's only architectural type; vendors' types have bit 31 (5.20).
constexpr std::uint32_t warm_reset = 0;

struct Call {
    Function function;
    bool is_64;
};

/// Nothing when `id` is not a function of ours.
std::optional<Call> decode(std::uint32_t id)
{
    const Function plain{id & ~smc64};
    const bool is_64 = (id & smc64) != 0;
    const auto number =
        static_cast<std::uint32_t>(plain) - static_cast<std::uint32_t>(Function::version);
    const bool is_known = number < 32 ? ((is_64 ? with_smc64 : with_smc32) >> number & 1) != 0
                                      : id == static_cast<std::uint32_t>(Function::cpu_off_0_1) ||
                                            id == static_cast<std::uint32_t>(Function::cpu_on_0_1);
    if (!is_known) return std::nullopt;
    return Call{plain, is_64};
}

std::optional<VcpuId> vcpu_with_affinity(Domain& domain, std::uint64_t affinity)
{
    for (const auto& vcpu : domain.vcpus())
        if (affinity_of(vcpu.id) == affinity) return vcpu.id;
    return std::nullopt;
}

[[gnu::noinline, gnu::cold]] Status cpu_on(Vcpu& caller, std::uint64_t target, std::uint64_t entry,
                                           std::uint64_t context)
{
    auto& domain = *caller.domain;
    const auto vcpu = vcpu_with_affinity(domain, target);
    if (!vcpu) return Status::invalid_parameters;
    // An A64 entry point is word aligned, and it has to be in the guest's memory (5.6.3).
    const GuestAddress address{entry};
    if (entry % 4 != 0 || !domain.memory().translate(address)) return Status::invalid_address;
    switch (domain.power_on(*vcpu, address, context)) {
    case Domain::PowerOn::already_on: return Status::already_on;
    case Domain::PowerOn::stopping: return Status::denied;
    default: return Status::success;
    }
}

/// Level 0 is a vCPU; level 1 and up are clusters, on when any of theirs is (5.7).
[[gnu::noinline, gnu::cold]] std::int64_t affinity_info(Domain& domain, std::uint64_t target,
                                                        std::uint64_t level)
{
    if (level > 3) return static_cast<std::int64_t>(Status::invalid_parameters);
    const auto mask = ~((std::uint64_t{1} << (8 * level)) - 1);
    bool found = false;
    bool on = false;
    for (const auto& vcpu : domain.vcpus()) {
        if ((affinity_of(vcpu.id) & mask) != (target & mask)) continue;
        found = true;
        on |= domain.is_on(vcpu.id);
    }
    if (!found) return static_cast<std::int64_t>(Status::invalid_parameters);
    return on ? affinity_on : affinity_off;
}

Status features(std::uint32_t id)
{
    // CPU_SUSPEND's flags: the original state format, no OS-initiated mode. All others have none.
    return id == smccc_version || decode(id) ? Status::success : Status::not_supported;
}

} // namespace

bool psci_call(Vcpu& vcpu, machine::GuestRegisters& registers)
{
    const auto id = static_cast<std::uint32_t>(registers.x[0]);
    const auto call = decode(id);
    if (!call) return false;
    const auto argument = [&](unsigned i) {
        return call->is_64 || call->function == Function::cpu_on_0_1 ? registers.x[i]
                                                                     : registers.x[i] & 0xffff'ffff;
    };
    auto& domain = *vcpu.domain;
    auto answer = [&](auto result) {
        registers.x[0] = static_cast<std::uint64_t>(static_cast<std::int64_t>(result));
        return true;
    };

    switch (call->function) {
    case Function::version: return answer(psci_1_1);
    case Function::cpu_suspend:
        // A standby state: the vCPU keeps its registers and goes on at the next instruction after
        // an interrupt. A power-down state may be treated as one (5.4.4).
        sched::block(vcpu);
        return answer(Status::success);
    case Function::cpu_off:
    case Function::cpu_off_0_1:
        // The last CPU has to use SYSTEM_OFF: nobody could start another one again.
        return answer(domain.power_off(vcpu) ? Status::success : Status::denied);
    case Function::cpu_on:
    case Function::cpu_on_0_1: return answer(cpu_on(vcpu, argument(1), argument(2), argument(3)));
    case Function::affinity_info: return answer(affinity_info(domain, argument(1), argument(2)));
    case Function::migrate_info_type: return answer(no_migration_needed);
    case Function::system_off:
        domain.shut_down(domain::ShutdownReason::power_off);
        return answer(Status::success);
    case Function::system_reset:
        domain.shut_down(domain::ShutdownReason::reset);
        return answer(Status::success);
    case Function::system_reset2:
        if (argument(1) != warm_reset) return answer(Status::invalid_parameters);
        domain.shut_down(domain::ShutdownReason::reset);
        return answer(Status::success);
    case Function::features: return answer(features(static_cast<std::uint32_t>(registers.x[1])));
    }
    return false;
}

} // namespace bulkhead::hypercall
