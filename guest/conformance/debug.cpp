// Debug registers and the performance monitors, as an OS touches them when it starts.

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/system_register.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

using MDSCR_EL1 = SystemRegister<2, 0, 0, 2, 2>;
using OSLAR_EL1 = SystemRegister<2, 0, 1, 0, 4>;
using OSLSR_EL1 = SystemRegister<2, 0, 1, 1, 4>;
using OSDLR_EL1 = SystemRegister<2, 0, 1, 3, 4>;
using DBGBVR0_EL1 = SystemRegister<2, 0, 0, 0, 4>;
using DBGBCR0_EL1 = SystemRegister<2, 0, 0, 0, 5>;
using DBGWVR0_EL1 = SystemRegister<2, 0, 0, 0, 6>;
using DBGWCR0_EL1 = SystemRegister<2, 0, 0, 0, 7>;

using PMCR_EL0 = SystemRegister<3, 3, 9, 12, 0>;
using PMCNTENSET_EL0 = SystemRegister<3, 3, 9, 12, 1>;
using PMCNTENCLR_EL0 = SystemRegister<3, 3, 9, 12, 2>;
using PMCCNTR_EL0 = SystemRegister<3, 3, 9, 13, 0>;
using PMUSERENR_EL0 = SystemRegister<3, 3, 9, 14, 0>;

void version_is_armv8()
{
    // 6 is Armv8.0's; below there is none (Arm ARM, ID_AA64DFR0_EL1.DebugVer).
    expect("ID_AA64DFR0_EL1.DebugVer is at least 6",
           ID_AA64DFR0_EL1::DebugVer::of(ID_AA64DFR0_EL1::read()) >= 6);
}

void start_up_sequence_works()
{
    OSDLR_EL1::write(0);
    OSLAR_EL1::write(0);
    instruction_barrier();
    (void)OSLSR_EL1::read();
    MDSCR_EL1::write(0);
    DBGBCR0_EL1::write(0);
    DBGBVR0_EL1::write(0);
    DBGWCR0_EL1::write(0);
    DBGWVR0_EL1::write(0);
    instruction_barrier();
    (void)MDSCR_EL1::read();
    (void)DBGBCR0_EL1::read();
}

constexpr std::uint64_t pmu_none = 0;
constexpr std::uint64_t pmu_not_the_architectures = 15;

std::uint64_t pmu_version() { return ID_AA64DFR0_EL1::PMUVer::of(ID_AA64DFR0_EL1::read()); }

void performance_monitors_are_as_announced()
{
    if (const auto version = pmu_version();
        version == pmu_none || version == pmu_not_the_architectures) {
        // Hidden: undefined, or without effect.
        const auto fault = guarded([] {
            PMCNTENSET_EL0::write(1ULL << 31U);
            expect_equal("PMCNTENSET_EL0 though there is no PMU", PMCNTENSET_EL0::read(), 0U);
        });
        if (fault) expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::unknown);
        return;
    }
    constexpr std::uint64_t cycle_counter = 1ULL << 31U;
    PMCR_EL0::write(1); // E
    PMCNTENSET_EL0::write(cycle_counter);
    instruction_barrier();
    expect_equal("PMCNTENSET_EL0", PMCNTENSET_EL0::read() & cycle_counter, cycle_counter);
    const auto first = PMCCNTR_EL0::read();
    within(a_while, [] { return false; });
    expect("PMCCNTR_EL0 counts", PMCCNTR_EL0::read() != first);
    PMCNTENCLR_EL0::write(cycle_counter);
    PMCR_EL0::write(0);
    PMUSERENR_EL0::write(0);
}

void breakpoint_stops()
{
    // ID_AA64DFR0_EL1.BRPs cannot say "none", so that there is one is announced.
    constexpr std::uint64_t kernel_debug = 1U << 13U | 1U << 15U; // MDSCR_EL1.KDE, MDE
    constexpr std::uint64_t every_byte = 0xfU << 5U;
    constexpr std::uint64_t el1 = 1U << 1U;
    constexpr std::uint64_t breakpoint_exception = 0x31; // ESR.EC: from the same level
    static constinit std::uint64_t target = 0;

    const auto fault = guarded([] {
        OSLAR_EL1::write(0);
        asm volatile("adr %0, 1f" : "=r"(target));
        DBGBVR0_EL1::write(target);
        DBGBCR0_EL1::write(every_byte | el1 | 1U);
        MDSCR_EL1::write(kernel_debug);
        instruction_barrier();
        asm volatile("msr daifclr, #8\n isb\n1: nop\n msr daifset, #8" ::: "memory");
    });
    asm volatile("msr daifset, #8" ::: "memory");
    DBGBCR0_EL1::write(0);
    MDSCR_EL1::write(0);
    instruction_barrier();
    expect("a breakpoint exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), breakpoint_exception);
    expect_equal("ELR", fault->elr, target);
}

constexpr Check checks[] = {
    {"debug.version_is_armv8", version_is_armv8},
    {"debug.start_up_sequence_works", start_up_sequence_works},
    {"debug.breakpoint_stops", breakpoint_stops},
    {"debug.performance_monitors_are_as_announced", performance_monitors_are_as_announced},
};

} // namespace

constinit const Group debug_group = checks;

} // namespace bulkhead::guest::conformance
