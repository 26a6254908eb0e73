#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "sched/unit.hpp"

namespace bulkhead::sched {

/// One unit, one CPU, for good (Xen's `null`): nothing to decide, and nothing on the interrupt
/// path.
namespace null_scheduler {

/// Gives `cpu` to `unit`. busy when the CPU has one.
Result<void> insert(Unit& unit, CpuId cpu);
/// The CPU's unit if it may run or is to be let go, else nothing.
Unit* pick(CpuId cpu);

} // namespace null_scheduler

} // namespace bulkhead::sched
