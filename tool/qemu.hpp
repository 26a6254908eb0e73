#pragma once
#include "boot_script.hpp"
#include "machine_facts.hpp"
#include "process.hpp"
#include "system_plan.hpp"

#include <filesystem>

/// The emulator's command lines.
namespace bulkhead::tool {

/// "QEMU 7.2.22", or without the version where it does not say.
std::string emulator_version();

/// Writes virt's device tree to `file` and ends.
Command qemu_tree_command(const MachineDescription& machine, const MachineFacts& facts,
                          const std::filesystem::path& file);

/// Boots a system whose files are in `folder`. The console is QEMU's stdin and stdout.
Command qemu_boot_command(const SystemPlan& plan, const std::vector<LoadEntry>& entries,
                          const std::filesystem::path& folder);

/// A kernel on a machine without a hypervisor, and what QEMU, which is its boot loader, gives it.
struct AloneGuest {
    std::filesystem::path kernel;
    std::filesystem::path ramdisk{};     ///< may be empty
    std::filesystem::path device_tree{}; ///< empty: QEMU makes it
    std::string cmdline{};
};
/// The machine without EL2, for comparison.
Command qemu_alone_command(const MachineDescription& machine, const MachineFacts& facts,
                           const AloneGuest& guest);

} // namespace bulkhead::tool
