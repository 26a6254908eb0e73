#pragma once
#include "device_tree.hpp"
#include "system_description.hpp"

#include <filesystem>

namespace bulkhead::tool {

/// The partial device tree (Xen's passthrough binding) that hands nodes of the machine's tree to a
/// domain at the addresses where the machine has them: each with what is below it, the fixed clocks
/// it uses, and nothing else that it refers to. What cannot be handed over so is a problem.
DeviceTree partial_tree(const DeviceTree& machine, const Given<std::vector<std::string>>& devices,
                        Problems& problems);

/// Where the partial tree of a domain with `devices` is, once it is made.
std::filesystem::path partial_tree_path(const std::filesystem::path& out,
                                        const SystemDescription& description,
                                        const DomainDescription& domain);

} // namespace bulkhead::tool
