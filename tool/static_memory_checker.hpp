#pragma once
#include "placement.hpp"
#include "system_description.hpp"

#include <vector>

namespace bulkhead::tool {

/// What is wrong with static_memory, direct_map and [[shared_memory]], but for the machine's
/// addresses.
void check_static_memory(const SystemDescription& description, Problems& problems);

/// The machine's memory that they name, to be placed there and nowhere else.
std::vector<PlacementRequest> static_memory_requests(const SystemDescription& description);

} // namespace bulkhead::tool
