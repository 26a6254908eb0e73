#pragma once
#include "machine_facts.hpp"
#include "system_description.hpp"

namespace bulkhead::tool {

/// What is wrong with who runs where: CPUs, pools and their schedules, and what schedulers are to
/// give.
void check_cpus(const SystemDescription& description, const MachineFacts& machine,
                Problems& problems);

} // namespace bulkhead::tool
