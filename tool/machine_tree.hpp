#pragma once
#include "device_tree.hpp"
#include "machine_facts.hpp"
#include "session.hpp"

namespace bulkhead::tool {

/// The machine's own device tree, before any domain is described in it: the description's, that of
/// Debian's kernel package (zcu102), or QEMU's (virt).
DeviceTree machine_tree(Session& session, const MachineDescription& machine,
                        const MachineFacts& facts, const std::filesystem::path& folder);

} // namespace bulkhead::tool
