// Exceptions that EL1 must see as its own, with the right syndrome (Arm ARM, ESR_EL1).

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/exception.hpp"
#include "kit/mmio.hpp"
#include "kit/system_register.hpp"
#include "kit/translation.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

constexpr std::uint64_t external_abort = 0x10; // DFSC and IFSC: synchronous, not on a table walk

// Labels on the instructions that fault.
extern "C" const char conformance_udf[], conformance_svc[], conformance_brk[], conformance_load[],
    conformance_store[];

std::uint64_t address_of(const char* label) { return reinterpret_cast<std::uint64_t>(label); }

/// An address that is nobody's, mapped by this guest's own tables.
std::uint64_t nowhere(MemoryType type)
{
    const auto address = board().unused_address() + (type == MemoryType::normal ? 1ULL << 30U : 0);
    translation::map({.start = address, .size = 8}, type);
    return address;
}

void undefined_instruction()
{
    const auto fault = guarded([] {
        asm volatile(".global conformance_udf\nconformance_udf: udf #0" ::: "memory");
    });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::unknown);
    expect_equal("ELR", fault->elr, address_of(conformance_udf));
}

void supervisor_call()
{
    const auto fault = guarded([] {
        asm volatile(".global conformance_svc\nconformance_svc: svc #0x123" ::: "memory");
    });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::svc);
    expect_equal("ESR.ISS, the immediate", ESR_EL1::ISS::of(fault->esr), 0x123U);
    expect_equal("ELR, the next instruction", fault->elr, address_of(conformance_svc) + 4);
}

void breakpoint_instruction()
{
    const auto fault = guarded([] {
        asm volatile(".global conformance_brk\nconformance_brk: brk #0x321" ::: "memory");
    });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::breakpoint_instruction);
    expect_equal("ESR.ISS, the comment", ESR_EL1::ISS::of(fault->esr), 0x321U);
    expect_equal("ELR", fault->elr, address_of(conformance_brk));
}

void register_of_el2_is_undefined()
{
    using HCR_EL2 = SystemRegister<3, 4, 1, 1, 0>;
    const auto fault = guarded([] { (void)HCR_EL2::read(); });
    expect("an exception comes", fault.has_value());
    if (fault) expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::unknown);
}

void load_from_nowhere()
{
    const auto address = nowhere(MemoryType::device);
    const auto fault = guarded([address] {
        std::uint32_t value;
        asm volatile(".global conformance_load\nconformance_load: ldr %w0, [%1]"
                     : "=r"(value)
                     : "r"(address)
                     : "memory");
    });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::data_abort);
    expect_equal("ESR.DFSC", ESR_EL1::DFSC::of(fault->esr), external_abort);
    expect("ESR.WnR says read", !ESR_EL1::WnR::of(fault->esr));
    expect("ESR.IL says a 32-bit instruction", ESR_EL1::IL::of(fault->esr));
    expect_equal("FAR", fault->far, address);
    expect_equal("ELR", fault->elr, address_of(conformance_load));
}

void store_to_nowhere()
{
    const auto address = nowhere(MemoryType::device) + 4;
    const auto fault = guarded([address] {
        asm volatile(".global conformance_store\nconformance_store: str wzr, [%0]" ::"r"(address)
                     : "memory");
    });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::data_abort);
    expect_equal("ESR.DFSC", ESR_EL1::DFSC::of(fault->esr), external_abort);
    expect("ESR.WnR says write", ESR_EL1::WnR::of(fault->esr));
    expect_equal("FAR", fault->far, address);
    expect_equal("ELR", fault->elr, address_of(conformance_store));
}

void unmapped_load_is_a_translation_fault()
{
    // The guest's own: nothing behind this address in its tables.
    const auto address = board().unused_address() + (8ULL << 30U) + 0x18;
    const auto fault =
        guarded([address] { (void)RegisterBlock{address}.read(At<std::uint32_t>{0}); });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::data_abort);
    expect_equal("ESR.DFSC but the level", ESR_EL1::DFSC::of(fault->esr) & ~3U, 0x04U);
    expect_equal("FAR", fault->far, address);
}

void jump_to_nowhere()
{
    const auto address = nowhere(MemoryType::normal);
    const auto fault = guarded([address] { reinterpret_cast<void (*)()>(address)(); });
    expect("an exception comes", fault.has_value());
    if (!fault) return;
    expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::instruction_abort);
    expect_equal("ESR.IFSC", ESR_EL1::DFSC::of(fault->esr), external_abort);
    expect_equal("FAR", fault->far, address);
    expect_equal("ELR", fault->elr, address);
}

void table_walk_to_nowhere()
{
    // TTBR1's half is not in use: its first table where nothing is, at level 0 and at level 1.
    using TTBR1_EL1 = SystemRegister<3, 0, 2, 0, 1>;
    using TCR_EL1 = SystemRegister<3, 0, 2, 0, 2>;
    constexpr std::uint64_t upper_half = 0xffffULL << 16U | 3ULL << 30U;
    constexpr std::uint64_t granule_4k = 2ULL << 30U;
    constexpr std::uint64_t external_abort_on_walk = 0x14;
    const auto before = TCR_EL1::read();
    for (const unsigned level : {0U, 1U}) {
        const std::uint64_t size = level == 0 ? 16 : 25; // T1SZ
        const auto address = ~0ULL << (64 - size) | 0x1238;
        TTBR1_EL1::write(board().unused_address());
        TCR_EL1::write((before & ~upper_half) | granule_4k | size << 16U);
        asm volatile("tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
        const auto fault =
            guarded([address] { (void)RegisterBlock{address}.read(At<std::uint32_t>{0}); });
        TCR_EL1::write(before);
        asm volatile("tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
        expect("an exception comes", fault.has_value());
        if (!fault) return;
        expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::data_abort);
        expect_equal("ESR.DFSC", ESR_EL1::DFSC::of(fault->esr), external_abort_on_walk + level);
        expect_equal("FAR", fault->far, address);
    }
}

void jump_to_odd_address()
{
    const auto fault = guarded([] {
        asm volatile("adr x9, 1f\n add x9, x9, #2\n br x9\n1: nop" ::: "x9", "memory");
    });
    expect("an exception comes", fault.has_value());
    if (fault) expect_equal("ESR.EC", ESR_EL1::EC::of(fault->esr), ESR_EL1::pc_alignment);
}

void many_faults_in_a_row()
{
    const auto address = nowhere(MemoryType::device);
    unsigned came = 0;
    for (unsigned n = 0; n < 100; ++n)
        if (guarded([address] { (void)RegisterBlock{address}.read(At<std::uint32_t>{0}); })) ++came;
    expect_equal("aborts", came, 100U);
}

constexpr Check checks[] = {
    {"exception.undefined_instruction", undefined_instruction},
    {"exception.supervisor_call", supervisor_call},
    {"exception.breakpoint_instruction", breakpoint_instruction},
    {"exception.register_of_el2_is_undefined", register_of_el2_is_undefined},
    {"exception.load_from_nowhere", load_from_nowhere},
    {"exception.store_to_nowhere", store_to_nowhere},
    {"exception.unmapped_load_is_a_translation_fault", unmapped_load_is_a_translation_fault},
    {"exception.jump_to_nowhere", jump_to_nowhere},
    {"exception.table_walk_to_nowhere", table_walk_to_nowhere},
    {"exception.jump_to_odd_address", jump_to_odd_address},
    {"exception.many_faults_in_a_row", many_faults_in_a_row},
};

} // namespace

constinit const Group exception_group = checks;

} // namespace bulkhead::guest::conformance
