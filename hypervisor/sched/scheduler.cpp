#include "sched/scheduler.hpp"

#include "sched/null_scheduler.hpp"

namespace bulkhead::sched {
namespace {

constinit NullScheduler the_only_one;

} // namespace

Scheduler& scheduler_of(CpuId /*cpu*/) { return the_only_one; }

void wake(Unit& unit)
{
    if (auto* own = unit.scheduler.load()) own->wake(unit);
}

void sleep(Unit& unit)
{
    if (auto* own = unit.scheduler.load()) own->sleep(unit);
}

void yield(Unit& unit)
{
    if (auto* own = unit.scheduler.load()) own->yield(unit);
}

void released(Unit& unit)
{
    if (auto* own = unit.scheduler.load()) own->released(unit);
}

} // namespace bulkhead::sched
