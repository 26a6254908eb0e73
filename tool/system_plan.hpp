#pragma once
#include "domain_image.hpp"
#include "machine_facts.hpp"
#include "memory_range.hpp"

#include <vector>

namespace bulkhead::tool {

/// An image and where the boot loader puts it.
struct PlacedImage {
    DomainImage image;
    MemoryRange place;
    std::string file_name; ///< in the folder made for the system: "linux-kernel"
};

/// A checked description with every address decided: all that is needed to write the device tree
/// and to boot.
struct SystemPlan {
    SystemDescription description;
    MachineFacts machine;
    MemoryRange hypervisor;
    MemoryRange device_tree; ///< room for the tree; the tree may be smaller
    std::vector<PlacedImage> images;
};

/// Checks everything and decides the addresses. All problems are added to `problems`; the plan is
/// only given if there are none and every image is there.
std::optional<SystemPlan> plan_system(const SystemDescription& description, const Project& project,
                                      std::uint64_t hypervisor_size, Problems& problems);

} // namespace bulkhead::tool
