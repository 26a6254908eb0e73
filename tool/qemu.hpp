#pragma once
#include "boot_script.hpp"
#include "machine_facts.hpp"
#include "process.hpp"
#include "system_plan.hpp"

#include <filesystem>

/// The emulator's command lines.
namespace bulkhead::tool {

/// Writes virt's device tree to `file` and ends.
Command qemu_tree_command(const MachineDescription& machine, const MachineFacts& facts,
                          const std::filesystem::path& file);

/// Boots a system whose files are in `folder`. The console is QEMU's stdin and stdout.
Command qemu_boot_command(const SystemPlan& plan, const std::vector<LoadEntry>& entries,
                          const std::filesystem::path& folder);

} // namespace bulkhead::tool
