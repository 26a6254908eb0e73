#pragma once

#include "scheduling/world.hpp"

/// What is promised of the schedulers. In all of them no unit is on two CPUs, nor off its hard
/// affinity.
namespace bulkhead::scheduling {

/// credit, credit2. Busy units: each has its share of a second by its weight, to 2 % or as much as
/// a unit may go on (credit: two slices, at the second's ends).
void fair_share(std::uint64_t seed, bool tells, sched::Kind kind);
/// All but arinc653. Units sleep, wake, yield, are bound and freed, CPUs go and come: nobody
/// starves (credit, credit2), no CPU idles beside a unit that may run there, caps are kept, who is
/// alone on its CPU has no timer, and all time is accounted for.
void turmoil(std::uint64_t seed, bool tells, sched::Kind kind);
/// rtds. In a set that its test admits (sched/rtds_scheduler.hpp) who wants its CPU all the time
/// has its budget by the deadline, and nobody without extratime has more.
void reservations(std::uint64_t seed, bool tells);
/// Pools are made and unmade, CPUs and domains move between them: a CPU runs only its pool's units.
void moving(std::uint64_t seed, bool tells);
/// arinc653. Each window begins and ends on its tick, for its unit and for no other.
void partitions(std::uint64_t seed, bool tells);

} // namespace bulkhead::scheduling
