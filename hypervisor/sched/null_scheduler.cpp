#include "sched/null_scheduler.hpp"

#include <array>

namespace bulkhead::sched::null_scheduler {
namespace {

constinit std::array<std::atomic<Unit*>, max_cpus> owner;

} // namespace

Result<void> insert(Unit& unit, CpuId cpu)
{
    Unit* nobody = nullptr;
    if (!owner[cpu.value()].compare_exchange_strong(nobody, &unit)) return failure(Error::busy);
    unit.placed_on = cpu;
    return {};
}

Unit* pick(CpuId cpu)
{
    auto* unit = owner[cpu.value()].load(std::memory_order_acquire);
    if (unit == nullptr || unit->state.load(std::memory_order_acquire) != Unit::State::runnable)
        return nullptr;
    return unit;
}

} // namespace bulkhead::sched::null_scheduler
