// Loads and stores to a device, in every form whose syndrome is valid (Arm ARM, ESR_EL2, ISV), and
// in those that have none: a hypervisor that emulates the device must do them like hardware.

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

/// The priorities of the four SGIs after `first`'s.
constexpr auto next_word = Gicd::IPRIORITYR[first.value / 4 + 1];

void pairs_are_loaded_and_stored()
{
    const auto block = gic::block_of(first);
    fill(0x8040'2010);
    block.write(next_word, 0x9050'3020);
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    asm volatile("ldp %w0, %w1, [%2]" : "=&r"(low), "=r"(high) : "r"(address()) : "memory");
    expect_equal("LDP's first", low, 0x8040'2010U);
    expect_equal("LDP's second", high, 0x9050'3020U);
    asm volatile("ldpsw %0, %1, [%2]" : "=&r"(low), "=r"(high) : "r"(address()) : "memory");
    expect_equal("LDPSW's first", low, 0xffff'ffff'8040'2010U);
    expect_equal("LDPSW's second", high, 0xffff'ffff'9050'3020U);
    asm volatile("stp %w0, wzr, [%1]" ::"r"(0xf0e0'd0c0), "r"(address()) : "memory");
    expect_equal("the word of STP's first", contents(), 0xf0e0'd0c0U);
    expect_equal("the word of STP's second", block.read(next_word), 0U);
}

void base_registers_move()
{
    fill(0x8040'2010);
    gic::block_of(first).write(next_word, 0x9050'3020);
    auto at = address();
    std::uint64_t value = 0;
    asm volatile("ldr %w0, [%1], #4" : "=r"(value), "+r"(at) : : "memory");
    expect_equal("LDR, base moved after", value, 0x8040'2010U);
    expect_equal("the base after it", at, address() + 4);
    asm volatile("ldrsb %0, [%1, #-1]!" : "=r"(value), "+r"(at) : : "memory");
    expect_equal("LDRSB, base moved before", value, 0xffff'ffff'ffff'ff80U);
    expect_equal("the base after it", at, address() + 3);
    asm volatile("strb wzr, [%0], #1" : "+r"(at) : : "memory");
    expect_equal("the word after STRB", contents(), 0x0040'2010U);
    expect_equal("the base after it", at, address() + 4);
    asm volatile("stp %w1, %w1, [%0, #-4]!" : "+r"(at) : "r"(0xf0e0'd0c0) : "memory");
    expect_equal("the word after STP", contents(), 0xf0e0'd0c0U);
    expect_equal("the base after it", at, address());
}

/// The one that exceptions do not use.
void stack_pointer_is_a_base()
{
    fill(0x8040'2010);
    gic::block_of(first).write(next_word, 0x9050'3020);
    const std::uintptr_t aligned = address() & ~std::uintptr_t{15};
    std::uint64_t first_word = 0;
    std::uint64_t second_word = 0;
    std::uintptr_t moved = 0;
    asm volatile("msr SPSel, #0\n\t"
                 "mov x10, sp\n\t"
                 "sub sp, %3, #16\n\t"
                 "ldp %w0, %w1, [sp, #24]\n\t"
                 "ldp w11, wzr, [sp, #16]!\n\t"
                 "mov %2, sp\n\t"
                 "mov sp, x10\n\t"
                 "msr SPSel, #1"
                 : "=&r"(first_word), "=&r"(second_word), "=&r"(moved)
                 : "r"(aligned)
                 : "x10", "x11", "memory");
    expect_equal("the first word", first_word, 0x8040'2010U);
    expect_equal("the second word", second_word, 0x9050'3020U);
    expect_equal("the stack pointer", moved, aligned);
}

constexpr Check checks[] = {
    {"mmio.every_register_loads", every_register_loads},
    {"mmio.every_register_stores", every_register_stores},
    {"mmio.zero_register_stores_zero", zero_register_stores_zero},
    {"mmio.loads_extend", loads_extend},
    {"mmio.bytes_are_stored_alone", bytes_are_stored_alone},
    {"mmio.ordered_accesses_work", ordered_accesses_work},
    {"mmio.pairs_are_loaded_and_stored", pairs_are_loaded_and_stored},
    {"mmio.base_registers_move", base_registers_move},
    {"mmio.stack_pointer_is_a_base", stack_pointer_is_a_base},
};

} // namespace

constinit const Group mmio_group = checks;

} // namespace bulkhead::guest::conformance
