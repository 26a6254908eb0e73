#include "sched/null_scheduler.hpp"

#include "base/bits.hpp"
#include "machine/cpu.hpp"

namespace bulkhead::sched {

CpuMask NullScheduler::free_cpus(CpuMask wanted) const
{
    CpuMask free = 0;
    for_each_bit(wanted & cpus_ & bits(machine::cpu_count() - 1, 0), [&](unsigned cpu) {
        if (owner_[cpu].load() == nullptr) free |= bit(cpu);
    });
    return free;
}

Result<void> NullScheduler::insert(Unit& unit)
{
    const Guard guard{lock_};
    const auto free = free_cpus(unit.hard_affinity);
    if (free == 0) return failure(Error::busy);
    if ((free & bit(unit.placed_on.load().value())) == 0)
        unit.placed_on = CpuId{static_cast<std::uint32_t>(std::countr_zero(free))};
    unit.scheduler = this;
    owner_[unit.placed_on.load().value()] = &unit;
    return {};
}

void NullScheduler::remove(Unit& unit)
{
    const Guard guard{lock_};
    owner_[unit.placed_on.load().value()] = nullptr;
    unit.scheduler = nullptr;
    notify(unit, machine::Attention::reschedule);
}

Result<void> NullScheduler::add_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    cpus_ |= bit(cpu.value());
    return {};
}

Result<void> NullScheduler::remove_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    if (owner_[cpu.value()].load() != nullptr) return failure(Error::busy);
    cpus_ &= ~bit(cpu.value());
    return {};
}

void NullScheduler::wake(Unit& unit) { notify(unit, machine::Attention::reschedule); }

Decision NullScheduler::pick(CpuId cpu)
{
    auto* unit = owner_[cpu.value()].load(std::memory_order_acquire);
    // One that was switched off before it ever ran comes onto its CPU to be let go.
    return {.unit = unit != nullptr && unit->wants_cpu() ? unit : nullptr};
}

Result<void> NullScheduler::affinity_changed(Unit& unit)
{
    const Guard guard{lock_};
    return unit.hard_affinity & bit(unit.placed_on.load().value()) ? Result<void>{}
                                                                   : failure(Error::busy);
}

} // namespace bulkhead::sched
