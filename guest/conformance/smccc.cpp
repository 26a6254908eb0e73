// The calling convention, whoever answers (DEN 0028), and Xen's calls where a hypervisor does.

#include "kit/smccc.hpp"
#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/exception.hpp"
#include "kit/hypercall.hpp"
#include "kit/psci.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

extern "C" bool conformance_smccc_keeps(std::uint64_t conduit, std::uint32_t function);

constexpr std::uint32_t smccc_version = 0x8000'0000;
constexpr std::uint32_t smccc_arch_features = 0x8000'0001;

std::int64_t call(std::uint32_t function, std::uint64_t a1 = 0)
{
    return static_cast<std::int32_t>(smccc_call(psci::conduit(), function, a1).x0);
}

/// Whether the version can be asked for at all (DEN 0028, 7.2: through PSCI_FEATURES).
bool is_at_least_1_1()
{
    return psci::call(psci::Function::FEATURES, smccc_version) == psci::SUCCESS &&
           call(smccc_version) >= 0x1'0001;
}

void version_is_at_least_1_1()
{
    expect_equal("PSCI_FEATURES(SMCCC_VERSION)",
                 psci::call(psci::Function::FEATURES, smccc_version), psci::SUCCESS);
    expect("SMCCC_VERSION is 1.1 or later", call(smccc_version) >= 0x1'0001);
}

void features_know_themselves()
{
    if (!is_at_least_1_1()) return;
    expect_equal("ARCH_FEATURES(SMCCC_VERSION)", call(smccc_arch_features, smccc_version), 0);
    expect_equal("ARCH_FEATURES(ARCH_FEATURES)", call(smccc_arch_features, smccc_arch_features), 0);
    expect_equal("ARCH_FEATURES of nothing", call(smccc_arch_features, 0x8000'1234),
                 smccc_not_supported);
}

void unknown_functions_are_not_supported()
{
    // One of each owner: architecture, CPU, SiP, OEM, standard, hypervisor, application, OS.
    for (const std::uint32_t function :
         {0x8000'1234U, 0x8100'1234U, 0x8200'1234U, 0x8300'1234U, 0x8400'1234U, 0x8600'1234U,
          0xb000'1234U, 0xb200'1234U, 0xc400'1234U, 0xc600'1234U})
        expect_equal("an unknown function", call(function), smccc_not_supported);
}

void registers_are_kept()
{
    // From 1.1 on x4-x17 are kept (DEN 0028, 2.6).
    if (!is_at_least_1_1()) return;
    const auto conduit = static_cast<std::uint64_t>(psci::conduit());
    expect("x4-x17 survive PSCI_VERSION",
           conformance_smccc_keeps(conduit, static_cast<std::uint32_t>(psci::Function::VERSION)));
    expect("x4-x17 survive an unknown call", conformance_smccc_keeps(conduit, 0x8400'1234));
}

void workarounds_are_as_announced()
{
    // Speculation: SMCCC_ARCH_WORKAROUND_1, _2 and _3 (DEN 0028, 7.5 to 7.7).
    if (!is_at_least_1_1()) return;
    for (const std::uint32_t workaround : {0x8000'8000U, 0x8000'7fffU, 0x8000'3fffU}) {
        const auto answer = call(smccc_arch_features, workaround);
        expect("ARCH_FEATURES says -1, 0 or 1", answer >= -1 && answer <= 1);
        if (answer < 0) continue;
        expect("x4-x17 survive the call",
               conformance_smccc_keeps(static_cast<std::uint64_t>(psci::conduit()), workaround));
    }
}

void both_conduits_answer()
{
    const auto version = static_cast<std::uint32_t>(psci::Function::VERSION);
    const auto by_hvc = smccc_call(Conduit::hvc, version).x0;
    const auto by_smc = smccc_call(Conduit::smc, version).x0;
    expect_equal("PSCI_VERSION by SMC and by HVC", by_smc, by_hvc);
}

void hypervisor_is_xen_compatible()
{
    // Xen's UID, a71812dc-c698-4369-9acf-79d18ddee667, by words as the convention returns it.
    const auto uid = smccc_call(psci::conduit(), 0x8500'ff01);
    expect_equal("UID, word 0", static_cast<std::uint32_t>(uid.x0), 0xdc12'18a7U);
    expect_equal("UID, word 1", static_cast<std::uint32_t>(uid.x1), 0x6943'98c6U);
    const auto version = hypercall(HypercallNumber::xen_version, 0);
    expect("xen_version is at least 4.17", version >= (4 << 16 | 17));
    expect("xen_version's major is 4", version >> 16 == 4);
}

void unknown_hypercall_is_refused()
{
    constexpr std::int64_t enosys = -38;
    expect_equal("hypercall 48", hypercall(static_cast<HypercallNumber>(48)), enosys);
    expect_equal("hypercall 0xffff", hypercall(static_cast<HypercallNumber>(0xffff)), enosys);
}

void unknown_hvc_is_undefined()
{
    const auto fault = guarded([] {
        asm volatile("hvc #0x1234" ::: "x0", "x1", "x2", "x3", "memory");
    });
    expect("an exception comes", fault.has_value());
    if (fault) expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::unknown);
}

constexpr Check checks[] = {
    {"smccc.version_is_at_least_1_1", version_is_at_least_1_1},
    {"smccc.features_know_themselves", features_know_themselves},
    {"smccc.unknown_functions_are_not_supported", unknown_functions_are_not_supported},
    {"smccc.registers_are_kept", registers_are_kept},
    {"smccc.workarounds_are_as_announced", workarounds_are_as_announced},
    {"smccc.both_conduits_answer", both_conduits_answer, Needs::hypervisor},
    {"smccc.hypervisor_is_xen_compatible", hypervisor_is_xen_compatible, Needs::hypervisor},
    {"smccc.unknown_hypercall_is_refused", unknown_hypercall_is_refused, Needs::hypervisor},
    {"smccc.unknown_hvc_is_undefined", unknown_hvc_is_undefined, Needs::hypervisor},
};

} // namespace

constinit const Group smccc_group = checks;

} // namespace bulkhead::guest::conformance
