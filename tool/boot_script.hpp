#pragma once
#include "system_plan.hpp"

#include <string>

namespace bulkhead::tool {

/// One file a boot loader has to load, and where.
struct LoadEntry {
    std::string file_name;
    MemoryRange place;
    std::string what;
};

/// Everything to load, by address.
std::vector<LoadEntry> load_entries(const SystemPlan& plan, std::uint64_t tree_size);

/// The table of load addresses, for people.
std::string load_table(const std::vector<LoadEntry>& entries);

/// A U-Boot script that loads everything and starts the hypervisor with `booti`.
std::string uboot_script(const SystemPlan& plan, const std::vector<LoadEntry>& entries);

} // namespace bulkhead::tool
