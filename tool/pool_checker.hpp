#pragma once
#include "machine_facts.hpp"
#include "schedule_plan.hpp"

namespace bulkhead::tool {

/// What is wrong with [[pool]] sections, and with what their schedulers promise together.
void check_pools(const SystemDescription& description, const Pools& pools,
                 const MachineFacts& machine, Problems& problems);

/// What messages call a pool: `pool "avionics"`.
std::string shown(const Pool& pool);

} // namespace bulkhead::tool
