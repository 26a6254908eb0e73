#pragma once

#include "base/types.hpp"

#include <cstdint>

/// EL2's virtual addresses: 48 bits, 4 KiB pages, four levels, TTBR0_EL2 only.
namespace bulkhead::arm64 {

/// The image's link address (bulkhead.lds has the same number).
inline constexpr std::uint64_t image_base = 0x4000'0000'0000;
/// One slot a CPU; only the top of each is mapped, so that overflow faults.
inline constexpr std::uint64_t stacks_base = 0x4100'0000'0000;
inline constexpr std::uint64_t stack_slot = 0x8000;
inline constexpr std::uint64_t stack_size = 0x4000;
/// Physical memory and devices that EL2 uses, each at this plus its physical address. Only what
/// was asked for is mapped.
inline constexpr std::uint64_t direct_base = 0x8000'0000'0000;
/// Physical addresses stay below the image's link address, so that the identity map that the MMU
/// is switched on with is in entries of the top table that nothing else uses.
inline constexpr unsigned physical_bits_most = 46;

constexpr std::uint64_t stack_top(CpuId cpu)
{
    return stacks_base + (std::uint64_t{cpu.value()} + 1) * stack_slot;
}

/// Where a CPU reaches guests' pages, at the other end of its slot from the stack.
constexpr std::uint64_t windows_start(CpuId cpu) { return stack_top(cpu) - stack_slot; }

} // namespace bulkhead::arm64
