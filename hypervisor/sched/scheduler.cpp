#include "sched/scheduler.hpp"

namespace bulkhead::sched {

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

RunTimes run_times(Unit& unit)
{
    auto* own = unit.scheduler.load();
    return own != nullptr ? own->run_times(unit) : RunTimes{};
}

void released(Unit& unit)
{
    // Whoever takes the unit over meanwhile sees this, or is seen here.
    unit.held_by = 0;
    if (auto* own = unit.scheduler.load()) own->released(unit);
}

} // namespace bulkhead::sched
