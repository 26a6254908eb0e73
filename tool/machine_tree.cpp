#include "machine_tree.hpp"

#include "debian_packages.hpp"
#include "qemu.hpp"

namespace bulkhead::tool {

DeviceTree machine_tree(Session& session, const MachineDescription& machine,
                        const MachineFacts& facts, const std::filesystem::path& folder)
{
    if (machine.device_tree) return DeviceTree::read(folder / machine.device_tree->value);
    if (kind_of(machine) == MachineKind::zcu102) {
        const DebianPackages packages{session.project, session.progress};
        return DeviceTree::read(packages.board_tree("xilinx/zynqmp-zcu102-rev1.0.dtb"));
    }
    const std::filesystem::path dump = session.project.out() / "virt.dtb";
    session.progress.step("asking QEMU for the device tree of virt",
                          qemu_tree_command(machine, facts, dump), "virt-tree");
    return DeviceTree::read(dump);
}

} // namespace bulkhead::tool
