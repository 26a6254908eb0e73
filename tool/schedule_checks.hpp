#pragma once
#include "schedule_trace.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

/// What each scheduler promises, held against what was recorded, of a run on a machine or of a
/// simulated one: nothing here knows which. Each check returns a line for each thing that is wrong.
namespace bulkhead::tool {

enum class Policy : std::uint8_t { null, credit, credit2, rtds, arinc653 };

/// What a unit was given.
struct UnitFacts {
    Policy policy = Policy::null;
    std::set<unsigned> cpus{}; ///< hard affinity; empty: all
    unsigned weight = 256;     ///< credit: of all of the domain's units; credit2: of each
    unsigned cap = 0;          ///< of all of the domain's units, per cent of a CPU; 0: none
    std::uint64_t period = 0;  ///< rtds; nanoseconds, as all times here
    std::uint64_t budget = 0;
    bool extratime = false;
};

/// An entry of an ARINC 653 schedule; the entries of a major frame follow each other.
struct ScheduleWindow {
    UnitName unit;
    std::uint64_t length = 0;
};

struct ScheduleFacts {
    std::map<UnitName, UnitFacts> units{};
    std::vector<ScheduleWindow> windows{};
    std::uint64_t major_frame = 0;
};

struct CheckLimits {
    double share = 0.02;     ///< of what a unit's weight or cap gives it, over the whole trace
    std::uint64_t slice = 0; ///< and of a share by this: nobody is stopped in the middle
    std::uint64_t share_span = 1'000'000'000; ///< shares are compared over no less than this
    std::uint64_t resolution = 50'000;        ///< how late a scheduler's timer may act
    std::uint64_t longest_wait =
        1'000'000'000;                      ///< of a unit that may run, under credit and credit2
    std::uint64_t cap_periods = 60'000'000; ///< two: what a cap leaves of one counts in the next
};

/// A unit has one CPU at a time, and only one that its hard affinity names.
std::vector<std::string> check_places(const ScheduleTrace& trace, const ScheduleFacts& facts);
/// credit, credit2: among the units that were runnable all the time and may run on the same CPUs,
/// what they got is shared by weight; in no second has a domain more than its cap; nobody starves.
std::vector<std::string> check_shares(const ScheduleTrace& trace, const ScheduleFacts& facts,
                                      const CheckLimits& limits);
/// rtds: in a period nobody has more than its budget (unless it has extra time), and whoever could
/// run all along has all of it.
std::vector<std::string> check_budgets(const ScheduleTrace& trace, const ScheduleFacts& facts,
                                       const CheckLimits& limits);
/// arinc653: the windows come in the order of the table and on time, whose they are has all of them
/// that it wants, and nobody else runs in one, and nobody in the slack.
std::vector<std::string> check_windows(const ScheduleTrace& trace, const ScheduleFacts& facts,
                                       const CheckLimits& limits);

/// All of them.
std::vector<std::string> check_schedule(const ScheduleTrace& trace, const ScheduleFacts& facts,
                                        const CheckLimits& limits = {});

/// What units that are always runnable are to get of `total`: by weight, but nobody more than a
/// whole CPU or its cap for all of `span`; what is left over goes to the others.
std::map<UnitName, double> fair_shares(const std::map<UnitName, UnitFacts>& units, double total,
                                       double span);

} // namespace bulkhead::tool
