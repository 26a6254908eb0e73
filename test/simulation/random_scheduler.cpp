#include "simulation/random_scheduler.hpp"

#include "machine/test_machine.hpp"
#include "sched/run_loop.hpp"
#include "simulation/simulation.hpp"

#include <utility>
#include <vector>

namespace bulkhead::simulation {

Result<void> RandomScheduler::insert(sched::Unit& unit)
{
    const Guard guard{lock_};
    seats_[&unit] = {};
    unit.scheduler = this;
    return {};
}

void RandomScheduler::ask() { sched::ask_to_pick(CpuId{upto_(cpus_)}); }

void RandomScheduler::wake(sched::Unit& unit)
{
    {
        const Guard guard{lock_};
        auto& seat = seats_.at(&unit);
        if (std::exchange(seat.awake, true)) throw Broken("a unit that is awake is woken");
        if (seat.cpu != nowhere) return sched::ask_to_pick(CpuId{seat.cpu});
    }
    ask();
}

void RandomScheduler::sleep(sched::Unit& unit)
{
    const Guard guard{lock_};
    auto& seat = seats_.at(&unit);
    if (!std::exchange(seat.awake, false)) throw Broken("a unit that sleeps is put to sleep");
    if (seat.cpu != nowhere) sched::ask_to_pick(CpuId{seat.cpu});
}

sched::Decision RandomScheduler::pick(CpuId cpu)
{
    const Guard guard{lock_};
    std::vector<sched::Unit*> ready;
    for (auto& [unit, seat] : seats_)
        if (seat.awake && (seat.cpu == nowhere || seat.cpu == cpu.value())) ready.push_back(unit);
    if (ready.empty()) return {};
    const auto soon = test::machine().now + 1 + upto_(80);
    // Schedulers that keep to a plan idle although there is something to run.
    if (upto_(8) == 0) return {.unit = nullptr, .until = soon};
    auto* const chosen = ready[upto_(static_cast<unsigned>(ready.size()))];
    seats_.at(chosen).cpu = cpu.value();
    return {.unit = chosen,
            .until = ready.size() == 1 ? machine::never : soon,
            .is_alone = ready.size() == 1};
}

void RandomScheduler::released(sched::Unit& unit)
{
    {
        const Guard guard{lock_};
        const auto cpu = test::machine().current().value();
        // The seed before may have left it one.
        if (!std::exchange(knows_[cpu], true) && seats_[&unit].cpu != cpu) return;
        auto& seat = seats_.at(&unit);
        if (seat.cpu != cpu) throw Broken("a unit is released that the CPU has not");
        seat.cpu = nowhere;
        if (!seat.awake) return;
    }
    ask();
}

bool RandomScheduler::is_anyone_left() const
{
    for (const auto& [unit, seat] : seats_)
        if (seat.awake) return true;
    return false;
}

} // namespace bulkhead::simulation
