#include "rogue/rescue.hpp"

#include "kit/cpu.hpp"
#include "kit/translation.hpp"

namespace bulkhead::guest::rogue {
namespace {

/// What rescue.S puts back: the CPUs' common registers, then for each CPU x19-x30 and SP.
struct alignas(128) Point {
    std::uint64_t registers[16];
};
static_assert(sizeof(Point) == 128);

extern "C" {
constinit std::uint64_t rogue_common[4]{};
constinit Point rogue_points[Cpu::limit]{};

void rogue_attempt(void (*function)(void*), void* argument, Point* point);
[[noreturn]] void rogue_jump(const std::uint64_t* registers, std::uint64_t to);
[[noreturn]] void rogue_drop(const std::uint64_t* registers, std::uint64_t to,
                             std::uint64_t pstate);
}

} // namespace

void prepare_rescue(std::uint64_t ttbr0)
{
    const auto registers = translation::registers();
    rogue_common[0] = ttbr0;
    rogue_common[1] = registers.tcr;
    rogue_common[2] = registers.mair;
    rogue_common[3] = registers.sctlr;
}

void attempt(void (*function)(void*), void* argument)
{
    // Which CPU this is, only MPIDR_EL1 says for sure.
    rogue_attempt(function, argument, &rogue_points[MPIDR_EL1::read() & 0xf]);
}

void jump(const Registers& registers, std::uint64_t to) { rogue_jump(registers.data(), to); }

void drop(const Registers& registers, std::uint64_t to, std::uint64_t pstate)
{
    rogue_drop(registers.data(), to, pstate);
}

} // namespace bulkhead::guest::rogue
