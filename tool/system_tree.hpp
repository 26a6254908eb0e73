#pragma once
#include "device_tree.hpp"
#include "system_plan.hpp"

namespace bulkhead::tool {

/// Turns the machine's device tree into the system's: RAM as described, and /chosen with the
/// hypervisor's command line and one `xen,domain` node per domain (Xen's dom0less bindings,
/// docs/misc/arm/device-tree/booting.txt of Xen 4.17).
void describe_system(DeviceTree& tree, const SystemPlan& plan, const std::string& bootargs);

} // namespace bulkhead::tool
