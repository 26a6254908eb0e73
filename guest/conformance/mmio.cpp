// Loads and stores to a device, in every form whose syndrome is valid (Arm ARM, ESR_EL2, ISV): a
// hypervisor that emulates the device must do them like hardware.

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/gic.hpp"

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

// registers.S
extern "C" std::uint64_t conformance_load_each(std::uintptr_t address, std::uint64_t expected);
extern "C" std::uint64_t conformance_store_each(std::uintptr_t address, std::uint32_t mask);

/// A word that can hold anything but its lowest bits: the priorities of four SGIs.
constexpr Intid first = sgi(8);

std::uintptr_t address()
{
    return gic::block_of(first).base() + Gicd::IPRIORITYR[first.value / 4].offset;
}

void fill(std::uint32_t value)
{
    gic::block_of(first).write(Gicd::IPRIORITYR[first.value / 4], value);
}

std::uint32_t contents() { return gic::block_of(first).read(Gicd::IPRIORITYR[first.value / 4]); }

void every_register_loads()
{
    fill(0x8040'2010);
    expect_equal("registers that loaded something else",
                 conformance_load_each(address(), 0x8040'2010), 0U);
}

void every_register_stores()
{
    expect_equal("registers that stored something else",
                 conformance_store_each(address(), 0xf0f0'f0f0), 0U);
}

void zero_register_stores_zero()
{
    fill(0x8040'2010);
    asm volatile("str wzr, [%0]" ::"r"(address()) : "memory");
    expect_equal("the word", contents(), 0U);
}

void loads_extend()
{
    fill(0x8040'20f0);
    std::uint64_t value = 0;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address()) : "memory");
    expect_equal("LDR W", value, 0x8040'20f0U);
    asm volatile("ldrsw %0, [%1]" : "=r"(value) : "r"(address()) : "memory");
    expect_equal("LDRSW", value, 0xffff'ffff'8040'20f0U);
    asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address()) : "memory");
    expect_equal("LDRB", value, 0xf0U);
    asm volatile("ldrsb %0, [%1]" : "=r"(value) : "r"(address()) : "memory");
    expect_equal("LDRSB X", value, 0xffff'ffff'ffff'fff0U);
    asm volatile("ldrsb %w0, [%1]" : "=r"(value) : "r"(address()) : "memory");
    expect_equal("LDRSB W", value, 0xffff'fff0U);
}

void bytes_are_stored_alone()
{
    fill(0x8040'2010);
    const std::uint64_t value = 0x1234'5670;
    asm volatile("strb %w0, [%1, #1]" ::"r"(value), "r"(address()) : "memory");
    expect_equal("the word", contents(), 0x8040'7010U);
}

void ordered_accesses_work()
{
    std::uint64_t value = 0x8040'2010;
    asm volatile("stlr %w0, [%1]" ::"r"(value), "r"(address()) : "memory");
    expect_equal("the word after STLR", contents(), 0x8040'2010U);
    asm volatile("ldar %w0, [%1]" : "=r"(value) : "r"(address()) : "memory");
    expect_equal("LDAR", value, 0x8040'2010U);
}

constexpr Check checks[] = {
    {"mmio.every_register_loads", every_register_loads},
    {"mmio.every_register_stores", every_register_stores},
    {"mmio.zero_register_stores_zero", zero_register_stores_zero},
    {"mmio.loads_extend", loads_extend},
    {"mmio.bytes_are_stored_alone", bytes_are_stored_alone},
    {"mmio.ordered_accesses_work", ordered_accesses_work},
};

} // namespace

constinit const Group mmio_group = checks;

} // namespace bulkhead::guest::conformance
