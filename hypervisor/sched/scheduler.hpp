#pragma once

#include "base/result.hpp"
#include "machine/time.hpp"
#include "sched/unit.hpp"

#include <cstddef>
#include <string_view>

namespace bulkhead::sched {

/// Which scheduler, in Xen's numbers (XEN_SCHEDULER_*, public/sysctl.h).
enum class Kind : std::uint8_t { credit = 5, credit2 = 6, arinc653 = 7, rtds = 8, null = 9 };
inline constexpr std::string_view kind_names[] = {"credit", "credit2", "arinc653", "rtds", "null"};
constexpr std::string_view name_of(Kind kind) { return kind_names[std::size_t(kind) - 5]; }
constexpr Kind kind_of(std::size_t name) { return Kind(name + 5); }

/// What a unit may be given, as in Xen: names, units and defaults.
struct Parameters {
    // credit, credit2: of all of the domain's units
    std::uint16_t weight = 256;
    std::uint16_t cap = 0; // per cent of a CPU; 0: none
    // rtds: of the unit
    std::uint32_t period_us = 10'000;
    std::uint32_t budget_us = 4'000;
    bool extratime = true;
};

/// What a CPU is to run.
struct Decision {
    /// Null: idle.
    Unit* unit = nullptr;
    /// When the CPU has to pick again if nothing makes it pick before.
    Ticks until = machine::never;
    /// Nobody else would take the CPU if it waited: its WFI may stop the CPU itself.
    bool is_alone = true;
};

/// Decides which unit runs where, for the CPUs of one pool. Any CPU may call, with interrupts
/// masked and holding no lock above Rank::scheduler.
///
/// A unit is on a CPU from the pick() that returns it until released(): meanwhile no other CPU's
/// pick() returns it. A CPU may leave the registers of a unit that it does not run on itself for as
/// long as it runs nothing else and the unit's placed_on names it; else it saves them and says
/// released().
class Scheduler {
public:
    /// The unit is this scheduler's, and gets a placed_on within its hard affinity: the one it has,
    /// if that is to be had. busy when there is no CPU for it.
    virtual Result<void> insert(Unit& unit) = 0;
    /// It is not picked any more. It may still be on a CPU, which is made to pick.
    virtual void remove(Unit& unit) = 0;

    virtual Result<void> add_cpu(CpuId cpu) = 0;
    /// The CPU's units go elsewhere. busy when one of them can run nowhere else.
    virtual Result<void> remove_cpu(CpuId cpu) = 0;

    /// It wants a CPU now, or does not any more: one after the other, in the order in which that
    /// happens, with the unit's lock held. The CPU that is to do something about it is told so by
    /// ask_to_pick() (run_loop.hpp).
    virtual void wake(Unit& unit) = 0;
    virtual void sleep(Unit& unit) = 0;
    /// The running unit lets others go first.
    virtual void yield(Unit& /*unit*/) {}

    /// On `cpu` itself.
    virtual Decision pick(CpuId cpu) = 0;
    /// Its registers are saved: it may go on elsewhere.
    virtual void released(Unit& unit) { wake(unit); }

    /// Limits are Xen's. invalid when a value is out of them.
    virtual Result<void> adjust(Unit& /*unit*/, const Parameters& /*parameters*/) { return {}; }
    [[nodiscard]] virtual Parameters parameters(const Unit& /*unit*/) const { return {}; }
    /// The unit's affinity was written. out_of_range when no CPU of the pool is in it.
    virtual Result<void> affinity_changed(Unit& unit) = 0;
    /// What it did until now.
    virtual RunTimes run_times(Unit& unit) = 0;

protected:
    ~Scheduler() = default;
};

/// That of the pool which owns the CPU.
Scheduler& scheduler_of(CpuId cpu);

// To a unit's own scheduler; nothing is done for a unit that has none.
void wake(Unit& unit);
void sleep(Unit& unit);
void yield(Unit& unit);
void released(Unit& unit);
RunTimes run_times(Unit& unit);

} // namespace bulkhead::sched
