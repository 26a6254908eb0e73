#include "kit/cpu.hpp"

#include "kit/psci.hpp"
#include "kit/translation.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace bulkhead::guest {
namespace {

constexpr std::size_t stack_size = 8192; // entry.S has the same number

/// What a starting CPU reads with its caches off (entry.S).
struct SecondaryContext {
    translation::Registers registers;
    std::uint64_t number;
    std::uint64_t stack_top;
    void (*function)();
};
static_assert(offsetof(SecondaryContext, number) == 32);

constinit unsigned number_of_cpus = 1;
constinit std::array<std::uint64_t, Cpu::limit> affinities{};
constinit std::array<SecondaryContext, Cpu::limit> contexts{};

extern "C" char guest_stacks[];
extern "C" void guest_secondary_entry();

} // namespace

extern "C" void guest_secondary_start()
{
    contexts[Cpu::current()].function();
    psci::cpu_off();
}

unsigned Cpu::count() { return number_of_cpus; }
std::uint64_t Cpu::affinity(unsigned cpu) { return affinities[cpu]; }

void Cpu::set_affinities(std::span<const std::uint64_t> all)
{
    const auto own = MPIDR_EL1::read() & MPIDR_EL1::affinity_mask;
    affinities[0] = own;
    number_of_cpus = 1;
    for (const auto affinity : all)
        if (affinity != own && number_of_cpus < limit) affinities[number_of_cpus++] = affinity;
}

std::int32_t Cpu::start(unsigned cpu, void (*function)())
{
    auto& context = contexts[cpu];
    context = {.registers = translation::registers(),
               .number = cpu,
               .stack_top = reinterpret_cast<std::uint64_t>(guest_stacks) + (cpu + 1) * stack_size,
               .function = function};
    const auto address = reinterpret_cast<std::uint64_t>(&context);
    translation::clean_and_invalidate({.start = address, .size = sizeof(context)});
    return psci::call(psci::Function::CPU_ON, affinities[cpu],
                      reinterpret_cast<std::uint64_t>(&guest_secondary_entry), address);
}

} // namespace bulkhead::guest
