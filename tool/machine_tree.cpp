#include "machine_tree.hpp"

#include "debian_packages.hpp"
#include "qemu.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace bulkhead::tool {

DeviceTree machine_tree(Session& session, const MachineDescription& machine,
                        const MachineFacts& facts, const std::filesystem::path& folder)
{
    if (machine.device_tree) return DeviceTree::read(folder / machine.device_tree->value);
    if (kind_of(machine) == MachineKind::zcu102) {
        const DebianPackages packages{session.project, session.progress};
        return DeviceTree::read(packages.board_tree("xilinx/zynqmp-zcu102-rev1.0.dtb"));
    }
    // A file of this process's own: another one may ask at the same time.
    const auto dump = session.project.out() / fmt::format("virt-{}.dtb", ::getpid());
    session.progress.step("asking QEMU for the device tree of virt",
                          qemu_tree_command(machine, facts, dump), "virt-tree");
    auto tree = DeviceTree::read(dump);
    std::filesystem::remove(dump);
    return tree;
}

} // namespace bulkhead::tool
