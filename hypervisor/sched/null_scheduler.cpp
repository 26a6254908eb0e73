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
    if (unit == nullptr) return nullptr;
    // One that was switched off before it ever ran comes onto its CPU to be let go.
    const auto state = unit->state.load(std::memory_order_acquire);
    const bool wants_cpu = state == Unit::State::runnable || state == Unit::State::switching_off;
    return wants_cpu ? unit : nullptr;
}

} // namespace bulkhead::sched::null_scheduler
