#pragma once
#include "schedule_checks.hpp"
#include "system_description.hpp"

namespace bulkhead::tool {

/// What a description promises of its units: what a trace of it is held against.
ScheduleFacts schedule_facts(const SystemDescription& description);

/// The names of the domains, from domain 1 on.
std::vector<std::string> domain_names(const SystemDescription& description);

} // namespace bulkhead::tool
