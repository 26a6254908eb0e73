#pragma once
#include "schedule_checks.hpp"
#include "system_description.hpp"

namespace bulkhead::tool {

/// What a description promises of its units, on a machine with that many CPUs: what a trace of it
/// is held against. Of several ARINC 653 schedules it is the first.
ScheduleFacts schedule_facts(const SystemDescription& description, unsigned cpus);

/// The names of the domains, from domain 1 on.
std::vector<std::string> domain_names(const SystemDescription& description);

} // namespace bulkhead::tool
