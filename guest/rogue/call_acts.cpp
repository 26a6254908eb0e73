// Calls of whoever is above: hypercalls, firmware, CPUs on and off.

#include "rogue/acts.hpp"
#include "rogue/targets.hpp"

#include "kit/cpu.hpp"
#include "kit/psci.hpp"

#include <algorithm>

namespace bulkhead::guest::rogue {
namespace {

constexpr std::uint32_t hvc = 0xd400'0002;
constexpr std::uint32_t smc = 0xd400'0003;
constexpr std::uint32_t xen = 0xea1;

constexpr std::uint32_t with_immediate(std::uint32_t instruction, std::uint64_t immediate)
{
    return instruction | static_cast<std::uint32_t>(immediate & 0xffff) << 5U;
}

[[noreturn]] void call(std::uint32_t instruction, const Registers& registers)
{
    auto words = code_buffer().first(1);
    words[0] = instruction;
    jump(registers, finish_code(words));
}

/// What a hypercall's arguments point to: as small as the real ones, or not.
alignas(4096) constinit std::array<std::uint32_t, 2048> arguments{};

std::uint64_t pointer(Random& random)
{
    if (random.one_in(3)) return virtual_address(random);
    const auto index = random.below(arguments.size());
    for (auto& word :
         std::span{arguments}.subspan(index, std::min<std::size_t>(16, arguments.size() - index)))
        word = static_cast<std::uint32_t>(random.one_in(3)   ? random.next()
                                          : random.one_in(8) ? 0x7ff0 // DOMID_SELF
                                                             : random.below(8));
    return reinterpret_cast<std::uint64_t>(&arguments[index]);
}

/// Xen's (public/xen.h), as if somebody had read about them.
void hypercalls(Random& random)
{
    constexpr std::uint64_t numbers[] = {12, 17, 18, 20, 24, 29, 32, 34, 35, 39};
    auto registers = operands(random);
    registers[16] = random.one_in(4) ? random.below(64) : random.of(numbers);
    registers[0] = random.one_in(4) ? operand(random) : random.below(16);
    for (unsigned n = 1; n < 5; ++n)
        registers[n] = random.one_in(3) ? pointer(random) : operand(random);
    // SHUTDOWN_poweroff would end the domain for good.
    constexpr std::uint64_t sched_op = 29;
    if (registers[16] == sched_op && random.below(20) != 0) registers[0] = 3;
    arguments[0] |= 1;
    call(with_immediate(hvc, xen), registers);
}

std::uint32_t firmware_function(Random& random)
{
    using enum psci::Function;
    constexpr std::uint32_t known[] = {0x8000'0000, 0x8000'0001, 0x8000'8000, 0x8000'7fff,
                                       0x8000'3fff, 0x8500'ff01, 0x8400'ff01, 0x8200'3d06};
    constexpr auto off = static_cast<std::uint32_t>(SYSTEM_OFF);
    constexpr auto reset = static_cast<std::uint32_t>(SYSTEM_RESET);
    const auto any = random.one_in(2)   ? 0x8400'0000 | static_cast<std::uint32_t>(random.below(32))
                     : random.one_in(2) ? random.of(known)
                                        : static_cast<std::uint32_t>(random.next());
    const auto function = any | (random.one_in(3) ? 1U << 30U : 0);
    // The rogue does not end by itself, and seldom begins anew.
    if (function == off || (function == reset && random.below(10) != 0)) return random.of(known);
    return function;
}

void firmware(Random& random)
{
    auto registers = operands(random);
    registers[0] = firmware_function(random);
    if (random.one_in(2)) registers[0] |= random.next() << 32U;
    if (random.one_in(2)) registers[1] = random.below(Cpu::count());
    if (random.one_in(2)) registers[2] = physical_address(random);
    call(random.one_in(2) ? hvc : smc, registers);
}

void other_calls(Random& random)
{
    call(with_immediate(random.one_in(2) ? hvc : smc, random.next()), operands(random));
}

constexpr Act acts[] = {
    {"hypercalls", 40, hypercalls},
    {"firmware", 20, firmware},
    {"other calls", 3, other_calls},
};

} // namespace

std::span<const Act> call_acts() { return acts; }

} // namespace bulkhead::guest::rogue
