// What must not change under a guest: general, floating-point and system registers, across emulated
// accesses, calls, interrupts and sleep.

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/print.hpp"
#include "kit/psci.hpp"
#include "kit/system_register.hpp"
#include "kit/timer.hpp"

#include <array>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

// registers.S
extern "C" std::uint64_t conformance_general_survive(std::uintptr_t address, std::uint64_t rounds);
extern "C" std::uint64_t conformance_floating_point_survives(void (*function)(void*), void*);
extern "C" std::uint64_t conformance_vector_bytes();
extern "C" void conformance_vectors_survive(const std::uint8_t* from, std::uint8_t* into,
                                            void (*function)(void*));

constexpr Timer timer{TimerKind::virtual_timer};

/// Everything that takes a guest's CPU away for a moment.
void disturb(void*)
{
    (void)gic::distributor().read(Gicd::TYPER);
    (void)psci::call(psci::Function::VERSION);
    const auto interrupt = board().virtual_timer.intid;
    enable(interrupt);
    for (unsigned n = 0; n < 5; ++n) {
        const auto deadline = timer.now() + Timer::frequency() / 2000;
        timer.start(deadline);
        while (timer.now() < deadline)
            wait_for_interrupt();
        const auto taken = take();
        timer.stop();
        machine::end(taken);
    }
}

void general_registers_survive()
{
    const auto address = gic::distributor().base() + Gicd::TYPER.offset;
    expect_equal("general registers that changed", conformance_general_survive(address, 1000), 0U);
}

void floating_point_survives()
{
    expect_equal("floating-point registers that changed",
                 conformance_floating_point_survives(disturb, nullptr), 0U);
}

/// A system register to fill and look at again.
struct Kept {
    const char* name;
    std::uint64_t (*read)();
    void (*write)(std::uint64_t);
    std::uint64_t value;
};

template <class Register>
constexpr Kept kept(const char* name, std::uint64_t value)
{
    return {name, Register::read, Register::write, value};
}

using SP_EL0 = SystemRegister<3, 0, 4, 1, 0>;
using AFSR0_EL1 = SystemRegister<3, 0, 5, 1, 0>;
using PAR_EL1 = SystemRegister<3, 0, 7, 4, 0>;
using CONTEXTIDR_EL1 = SystemRegister<3, 0, 13, 0, 1>;
using TPIDR_EL0 = SystemRegister<3, 3, 13, 0, 2>;
using TPIDRRO_EL0 = SystemRegister<3, 3, 13, 0, 3>;
using TTBR1_EL1 = SystemRegister<3, 0, 2, 0, 1>;
using SPSR_EL1 = SystemRegister<3, 0, 4, 0, 0>;
using ELR_EL1 = SystemRegister<3, 0, 4, 0, 1>;
using FAR_EL1 = SystemRegister<3, 0, 6, 0, 0>;

constexpr std::array registers{
    kept<SP_EL0>("SP_EL0", 0x1111'2222'3333'4440),
    kept<TPIDR_EL0>("TPIDR_EL0", 0x0123'4567'89ab'cdef),
    kept<TPIDRRO_EL0>("TPIDRRO_EL0", 0xfedc'ba98'7654'3210),
    kept<CONTEXTIDR_EL1>("CONTEXTIDR_EL1", 0x5a5a'1234),
    kept<TTBR1_EL1>("TTBR1_EL1", 0x0000'0000'1234'5000), // walks are off: TCR_EL1.EPD1
    kept<FAR_EL1>("FAR_EL1", 0xffff'0000'1234'5678),
    kept<ELR_EL1>("ELR_EL1", 0x0000'aaaa'bbbb'cccc),
    kept<SPSR_EL1>("SPSR_EL1", 0x6000'03c5),
    kept<ESR_EL1>("ESR_EL1", 0x5600'0042),
    kept<CNTKCTL_EL1>("CNTKCTL_EL1", 0x2),
};

void system_registers_survive()
{
    std::array<std::uint64_t, registers.size()> before{};
    for (std::size_t n = 0; n < registers.size(); ++n) {
        before[n] = registers[n].read();
        registers[n].write(registers[n].value);
    }
    disturb(nullptr);
    for (std::size_t n = 0; n < registers.size(); ++n) {
        expect_equal(registers[n].name, registers[n].read(), registers[n].value);
        registers[n].write(before[n]);
    }
}

void pointer_authentication_keys_survive()
{
    using Algorithms = Field<11, 4>; // ID_AA64ISAR1_EL1.APA and API
    using APIAKeyLo_EL1 = SystemRegister<3, 0, 2, 1, 0>;
    using APDBKeyHi_EL1 = SystemRegister<3, 0, 2, 2, 3>;
    if (Algorithms::of(ID_AA64ISAR1_EL1::read()) == 0) return;
    constexpr std::uint64_t low = 0x0123'4567'89ab'cdef;
    constexpr std::uint64_t high = 0xfedc'ba98'7654'3210;
    APIAKeyLo_EL1::write(low);
    APDBKeyHi_EL1::write(high);
    disturb(nullptr);
    expect_equal("APIAKeyLo_EL1", APIAKeyLo_EL1::read(), low);
    expect_equal("APDBKeyHi_EL1", APDBKeyHi_EL1::read(), high);
}

using ZCR_EL1 = SystemRegister<3, 0, 1, 2, 0>;

/// CPACR_EL1.ZEN: 3 gives SVE to EL1 and EL0, 0 to nobody.
void set_vector_access(std::uint64_t access)
{
    using ZEN = Field<17, 16>;
    CPACR_EL1::write((CPACR_EL1::read() & ~ZEN::mask) | ZEN::put(access));
    instruction_barrier();
    expect_equal("CPACR_EL1.ZEN", ZEN::of(CPACR_EL1::read()), access);
}

void vectors_survive()
{
    constexpr std::size_t most_bytes = 256;
    static constinit std::array<std::uint8_t, 34 * most_bytes> before{};
    static constinit std::array<std::uint8_t, 34 * most_bytes> after{};
    set_vector_access(3);
    ZCR_EL1::write(most_bytes / 16 - 1);
    instruction_barrier();
    const auto bytes = conformance_vector_bytes();
    print("# vectors of ", bytes * 8, " bits\n");
    for (std::size_t n = 0; n < before.size(); ++n)
        before[n] = static_cast<std::uint8_t>(n * 37 + n / 251);
    conformance_vectors_survive(before.data(), after.data(), disturb);
    // P0 to P15 have a bit for each byte.
    for (std::size_t n = 0; n < bytes * 34; ++n)
        expect_equal("a byte of Z0 to Z31 and P0 to P15", after[n], before[n]);
    ZCR_EL1::write(0);
    instruction_barrier();
    expect_equal("bytes of a vector with ZCR_EL1.LEN = 0", conformance_vector_bytes(), 16U);
}

void vectors_can_be_denied()
{
    constexpr std::uint64_t sve_access = 0x19; // ESR_EL1.EC
    set_vector_access(0);
    const auto fault = guarded([] { (void)conformance_vector_bytes(); });
    expect("an instruction of SVE traps", fault.has_value());
    if (fault) expect_equal("ESR_EL1.EC", ESR_EL1::EC::of(fault->esr), sve_access);
    set_vector_access(3);
}

void flags_survive()
{
    const auto address = gic::distributor().base() + Gicd::TYPER.offset;
    std::uint64_t flags = 0;
    std::uint64_t value = 0;
    asm volatile("mov %1, #0xa0000000\n msr nzcv, %1\n ldr %w1, [%2]\n mrs %0, nzcv"
                 : "=&r"(flags), "=&r"(value)
                 : "r"(address)
                 : "cc", "memory");
    expect_equal("NZCV", flags, 0xa000'0000U);
}

void exclusive_store_succeeds()
{
    // Load-exclusive and store-exclusive with nothing between must succeed before long.
    static constinit std::uint64_t word = 0;
    unsigned attempts = 0;
    std::uint32_t failed = 1;
    while (failed != 0 && attempts++ < 100) {
        std::uint64_t value;
        asm volatile("ldxr %0, [%2]\n add %0, %0, #1\n stxr %w1, %0, [%2]"
                     : "=&r"(value), "=&r"(failed)
                     : "r"(&word)
                     : "memory");
    }
    expect_equal("STXR's status", failed, 0U);
}

constexpr Check checks[] = {
    {"registers.general_survive", general_registers_survive},
    {"registers.flags_survive", flags_survive},
    {"registers.floating_point_survives", floating_point_survives},
    {"registers.system_survive", system_registers_survive},
    {"registers.vectors_survive", vectors_survive, Needs::sve},
    {"registers.vectors_can_be_denied", vectors_can_be_denied, Needs::sve},
    {"registers.pointer_authentication_keys_survive", pointer_authentication_keys_survive},
    {"registers.exclusive_store_succeeds", exclusive_store_succeeds},
};

} // namespace

constinit const Group registers_group = checks;

} // namespace bulkhead::guest::conformance
