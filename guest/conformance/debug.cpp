// Debug registers and the performance monitors, as an OS touches them when it starts.

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/system_register.hpp"

#include <atomic>

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
using PMOVSCLR_EL0 = SystemRegister<3, 3, 9, 12, 3>;
using PMCCFILTR_EL0 = SystemRegister<3, 3, 14, 15, 7>;
using PMINTENSET_EL1 = SystemRegister<3, 0, 9, 14, 1>;
using PMINTENCLR_EL1 = SystemRegister<3, 0, 9, 14, 2>;
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

void overflow_of_the_cycle_counter_interrupts()
{
    if (const auto version = pmu_version();
        version == pmu_none || version == pmu_not_the_architectures)
        return;
    constexpr Intid interrupt{23}; // the PMU's by Arm's Base System Architecture
    constexpr std::uint64_t cycle_counter = 1ULL << 31U;
    constexpr std::uint64_t enable_and_long = 1U | 1U << 6U; // PMCR_EL0.E, LC
    enable(interrupt);
    PMCNTENCLR_EL0::write(cycle_counter);
    PMOVSCLR_EL0::write(cycle_counter);
    PMCR_EL0::write(enable_and_long);
    PMCCFILTR_EL0::write(0);
    PMCCNTR_EL0::write(~0ULL - 1000);
    PMINTENSET_EL1::write(cycle_counter);
    PMCNTENSET_EL0::write(cycle_counter);
    instruction_barrier();
    const auto taken = take();
    expect_equal("the interrupt", taken.intid().value, interrupt.value);
    expect_equal("PMOVSCLR_EL0", PMOVSCLR_EL0::read() & cycle_counter, cycle_counter);
    PMCNTENCLR_EL0::write(cycle_counter);
    PMINTENCLR_EL1::write(cycle_counter);
    PMOVSCLR_EL0::write(cycle_counter);
    PMCR_EL0::write(0);
    instruction_barrier();
    if (!taken.intid().is_special()) machine::end(taken);
    expect("no other comes once it is served", stays_quiet());
    gic::disable(interrupt);
}

void breakpoint_stops()
{
    // ID_AA64DFR0_EL1.BRPs cannot say "none", so that there is one is announced.
    constexpr std::uint64_t el1_debug = 1U << 13U | 1U << 15U; // MDSCR_EL1.KDE, MDE
    constexpr std::uint64_t every_byte = 0xfU << 5U;
    constexpr std::uint64_t el1 = 1U << 1U;
    constexpr std::uint64_t breakpoint_exception = 0x31; // ESR.EC: from the same level
    static constinit std::uint64_t target = 0;

    const auto fault = guarded([] {
        OSLAR_EL1::write(0);
        asm volatile("adr %0, 1f" : "=r"(target));
        DBGBVR0_EL1::write(target);
        DBGBCR0_EL1::write(every_byte | el1 | 1U);
        MDSCR_EL1::write(el1_debug);
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

constexpr std::uint64_t step = 1U << 0U;           // MDSCR_EL1.SS
constexpr std::uint64_t kernel_debug = 1U << 13U;  // KDE
constexpr std::uint64_t monitor_debug = 1U << 15U; // MDE

void stop_debugging()
{
    asm volatile("msr daifset, #8" ::: "memory");
    DBGWCR0_EL1::write(0);
    MDSCR_EL1::write(0);
    instruction_barrier();
}

void watchpoint_stops()
{
    constexpr std::uint64_t stores_of_el1 = 1U << 4U | 1U << 1U; // LSC, PAC
    constexpr std::uint64_t eight_bytes = 0xffU << 5U;
    constexpr std::uint64_t watchpoint_exception = 0x35;
    static constinit volatile std::uint64_t target = 0;

    const auto fault = guarded([] {
        OSLAR_EL1::write(0);
        DBGWVR0_EL1::write(reinterpret_cast<std::uint64_t>(&target));
        DBGWCR0_EL1::write(eight_bytes | stores_of_el1 | 1U);
        MDSCR_EL1::write(kernel_debug | monitor_debug);
        instruction_barrier();
        asm volatile("msr daifclr, #8\n isb" ::: "memory");
        (void)target;
        target = 1;
    });
    stop_debugging();
    expect("a watchpoint exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), watchpoint_exception);
    expect_equal("FAR", fault->far, reinterpret_cast<std::uint64_t>(&target));
}

/// Executes one load with PSTATE.SS set, so that the next instruction has to be the step's.
void expect_step_after_load(const volatile std::uint32_t* from)
{
    constexpr std::uint64_t step_exception = 0x33;
    constexpr std::uint64_t one_step_at_el1 = 1U << 21U | 0x1c5U; // SS, D clear
    static constinit std::uint64_t next = 0;

    const auto fault = guarded([from] {
        OSLAR_EL1::write(0);
        MDSCR_EL1::write(kernel_debug | step);
        instruction_barrier();
        asm volatile("adr x9, 1f\n msr elr_el1, x9\n msr spsr_el1, %2\n"
                     "adr x9, 2f\n str x9, %0\n isb\n eret\n"
                     "1: ldr w9, [%1]\n"
                     "2: nop\n nop\n"
                     : "=m"(next)
                     : "r"(from), "r"(one_step_at_el1)
                     : "x9", "memory");
    });
    stop_debugging();
    expect("a software step exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), step_exception);
    expect_equal("ELR", fault->elr, next);
}

void step_is_one_instruction()
{
    static constexpr std::uint32_t memory = 0;
    expect_step_after_load(&memory);
}

void step_over_a_device_is_one_instruction()
{
    const auto address = gic::distributor().base() + Gicd::TYPER.offset;
    expect_step_after_load(reinterpret_cast<const volatile std::uint32_t*>(address));
}

constinit std::atomic<std::uint64_t> fresh_os_lock{0};

void os_lock_is_set_on_a_fresh_cpu()
{
    constexpr std::uint64_t locked = 1U << 1U; // OSLSR_EL1.OSLK
    for (unsigned n = 0; n < 2; ++n) {
        fresh_os_lock = 0;
        expect("CPU 1 starts", start_second_cpu([] {
                   fresh_os_lock = OSLSR_EL1::read();
                   OSLAR_EL1::write(0);
               }));
        expect("CPU 1 ends", second_cpu_ends());
        expect_equal("OSLSR_EL1.OSLK", fresh_os_lock.load() & locked, locked);
    }
}

constexpr Check checks[] = {
    {"debug.version_is_armv8", version_is_armv8},
    {"debug.start_up_sequence_works", start_up_sequence_works},
    {"debug.breakpoint_stops", breakpoint_stops},
    {"debug.watchpoint_stops", watchpoint_stops},
    {"debug.step_is_one_instruction", step_is_one_instruction},
    {"debug.step_over_a_device_is_one_instruction", step_over_a_device_is_one_instruction},
    {"debug.os_lock_is_set_on_a_fresh_cpu", os_lock_is_set_on_a_fresh_cpu, Needs::two_cpus},
    {"debug.performance_monitors_are_as_announced", performance_monitors_are_as_announced},
    {"debug.overflow_of_the_cycle_counter_interrupts", overflow_of_the_cycle_counter_interrupts},
};

} // namespace

constinit const Group debug_group = checks;

} // namespace bulkhead::guest::conformance
