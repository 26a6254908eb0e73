#pragma once

#include "kit/range.hpp"

#include <cstdint>

namespace bulkhead::guest {

enum class MemoryType : std::uint8_t {
    device = 0, ///< Device-nGnRE, never executed
    normal = 1, ///< Normal, write-back, inner shareable
};

/// The guest's stage 1: every address means itself, RAM cached, devices not, and all else unmapped.
/// Blocks of 1 GiB and 2 MiB; addresses below 512 GiB. The boot CPU maps, all CPUs share it.
namespace translation {

/// Map what `range` touches, in units of 2 MiB; mapping again the same way changes nothing.
void map(Range range, MemoryType type);
/// Turn MMU and caches on, on the boot CPU. What was mapped must cover the running code.
void enable();

/// What another CPU loads to turn them on as well (entry.S).
struct Registers {
    std::uint64_t ttbr0, tcr, mair, sctlr;
};
Registers registers();

/// Let this CPU and an observer whose caches are off see the same memory.
void clean_and_invalidate(Range range);

} // namespace translation
} // namespace bulkhead::guest
