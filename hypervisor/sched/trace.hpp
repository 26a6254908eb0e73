#pragma once

#include "base/types.hpp"
#include "sched/trace_record.hpp"

#include <cstddef>
#include <span>

/// What the scheduler did last, for whoever asks later: a ring of records for each CPU, which only
/// that CPU writes, without a lock. It is always on; doc/performance.md has what a record costs.
namespace bulkhead::sched::trace {

/// Pages that each CPU's ring has unless `tbuf_size` says otherwise, and the most it may say.
inline constexpr std::uint32_t usual_pages = 1;
inline constexpr std::uint32_t most_pages = 512;

/// `memory` is the CPU's ring from now on: a power of two of zeroed records. Before this nothing is
/// recorded there.
void use(CpuId cpu, std::span<std::byte> memory);

/// Into the calling CPU's ring, over its oldest.
void record(Event event, UnitName unit, std::uint32_t argument = 0);
inline void record(Stop why, UnitName unit)
{
    record(Event::stop, unit, static_cast<std::uint32_t>(why));
}

/// Calls `take` with each record of a CPU, the oldest first, that is not overwritten while it is
/// copied. Any CPU. Returns how many the CPU ever wrote.
std::uint64_t read(CpuId cpu, void (*take)(CpuId cpu, const Record& record));

/// All records, as lines of the console that `./bulkhead trace convert` reads.
void print();

} // namespace bulkhead::sched::trace
