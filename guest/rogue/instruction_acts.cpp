// Random instructions: system registers, accesses to memory and devices, and anything at all.

#include "rogue/acts.hpp"
#include "rogue/targets.hpp"

#include "kit/barrier.hpp"
#include "kit/system_register.hpp"

#include <algorithm>

namespace bulkhead::guest::rogue {
namespace {

/// MRS, MSR, SYS and SYSL (Arm ARM, C4.1.93): 0xd500'0000 with L, op0, op1, CRn, CRm, op2, Rt.
std::uint32_t system_instruction(Random& random)
{
    auto word = 0xd500'0000 | static_cast<std::uint32_t>(random.next() & 0x3f'ffff);
    constexpr std::uint32_t op0 = 3U << 19U;
    constexpr std::uint32_t crn = 15U << 12U;
    constexpr std::uint32_t op1 = 7U << 16U;
    // Timers, GIC, identification, implementation defined, memory, PMU: where something answers.
    constexpr std::uint32_t homes[] = {14, 12, 0, 11, 15, 9, 4, 1, 2, 13};
    switch (random.below(5)) {
    case 0: break;
    case 1: word = (word & ~op0) | 2U << 19U; break; // debug
    case 2: word = (word & ~op0) | 1U << 19U; break; // caches, TLBs, translation
    default:
        word = (word & ~crn) | op0 | random.of(homes) << 12U;
        if (random.one_in(2)) word &= ~op1;      // EL1's
        if (random.one_in(8)) word |= 4U << 16U; // EL2's and above
    }
    return word;
}

/// Not those that QEMU does not survive. 7.2 loops in its own code when CNTV_CVAL_EL0 plus the
/// offset exceeds 64 bits; a tame one leaves SCTLR, TTBR0, TCR, MAIR and VBAR of EL1 as well.
std::uint32_t system_instruction_of_choice(Random& random)
{
    constexpr std::uint32_t spared[] = {0xd51b'e340, 0xd51b'e300, 0xd518'1000, 0xd518'2000,
                                        0xd518'2040, 0xd518'a200, 0xd518'c000};
    constexpr std::uint32_t operand = 0x1f;
    for (;;) {
        const auto word = system_instruction(random);
        const auto left_alone = std::span{spared}.first(is_tame() ? std::size(spared) : 2);
        if (std::ranges::find(left_alone, word & ~operand) == left_alone.end()) return word;
    }
}

/// A load, store, atomic, exclusive or prefetch (C4.1.94): bit 27 set, bit 25 clear, by x1.
std::uint32_t access_instruction(Random& random)
{
    constexpr std::uint32_t base = 31U << 5U;
    constexpr std::uint32_t by_address[] = {
        0x3940'0022, 0x3900'0022, 0x7940'0022, 0x7900'0022, 0xb940'0022, 0xb900'0022, 0xf940'0022,
        0xf900'0022,                                        // LDRB to STR X
        0x3980'0022, 0x79c0'0022, 0xb980'0022,              // LDRSB, LDRSH W, LDRSW
        0xa940'0c22, 0xa900'0c22, 0x2940'0c22, 0xa9c0'0c22, // pairs, one with writeback
        0xf840'8422, 0xb800'4c22, 0x3800'1422,              // post- and pre-index
        0xc85f'7c22, 0xc803'7c22, 0x885f'fc22, 0xc8df'fc22, // LDXR, STXR, LDAXR, LDAR
        0xf823'0022, 0xf823'8022, 0xc8a3'7c22,              // LDADD, SWP, CAS
        0x4c40'7022, 0x4c00'7022, 0x3d80'0020, 0x3dc0'0020, // LD1, ST1, STR Q, LDR Q
        0xf840'0822, 0xf800'0822, 0xf980'0020,              // LDTR, STTR, PRFM
        0xd50b'7421, 0xd50b'7e21, 0xd508'7621, 0xd50b'7521, // DC ZVA, DC CIVAC, DC IVAC, IC IVAU
        0xd508'7801, 0xd508'7821,                           // AT S1E1R, S1E1W
    };
    if (!random.one_in(4)) return random.of(by_address);
    const auto word = static_cast<std::uint32_t>(random.next());
    return (word & ~(1U << 25U) & ~base) | 1U << 27U | 1U << 5U;
}

std::uint32_t any_instruction(Random& random)
{
    switch (random.below(4)) {
    case 0: return system_instruction_of_choice(random);
    case 1: return access_instruction(random);
    case 2: { // HVC, SMC, SVC, BRK, HLT, DCPS (C4.1.87)
        constexpr std::uint32_t exceptions = 0xd400'0000;
        return exceptions | static_cast<std::uint32_t>(random.next() & 0xff'ffff);
    }
    default: return static_cast<std::uint32_t>(random.next());
    }
}

/// Fills a few words of the buffer, with enough of `x1 = another address` in between.
std::uint64_t generate(Random& random, std::uint32_t (*instruction)(Random&), std::size_t most)
{
    const auto words = code_buffer().first(1 + random.below(most));
    for (auto& word : words)
        word = instruction(random);
    return finish_code(words);
}

void system_registers(Random& random)
{
    const auto code = generate(random, system_instruction_of_choice, 8);
    jump(operands(random), code);
}

void accesses(Random& random)
{
    const auto code = generate(random, access_instruction, 4);
    auto registers = operands(random);
    registers[1] = virtual_address(random);
    jump(registers, code);
}

void accesses_without_mmu(Random& random)
{
    const auto code = generate(random, access_instruction, 4);
    auto registers = operands(random);
    registers[1] = physical_address(random);
    SCTLR_EL1::write(SCTLR_EL1::read() & ~1ULL);
    instruction_barrier();
    jump(registers, code);
}

void instructions(Random& random)
{
    const auto code = generate(random, any_instruction, 200);
    jump(operands(random), code);
}

/// At EL0, AArch64 or AArch32 (Arm ARM, C5.2.19: M[4], T).
void user_instructions(Random& random)
{
    const auto in_window = generate(random, any_instruction, 200);
    constexpr std::uint64_t gib = 1ULL << 30U;
    constexpr std::uint64_t aarch32 = 0x10;
    const auto pstate = random.one_in(2) ? 0 : aarch32 | (random.next() & 0xf000'0020);
    drop(operands(random), in_window % gib + user_memory * gib, pstate);
}

constexpr Act acts[] = {
    {"system registers", 30, system_registers},         {"accesses", 30, accesses},
    {"accesses without MMU", 10, accesses_without_mmu}, {"instructions", 10, instructions},
    {"instructions at EL0", 10, user_instructions},
};

} // namespace

std::span<const Act> instruction_acts() { return acts; }

} // namespace bulkhead::guest::rogue
