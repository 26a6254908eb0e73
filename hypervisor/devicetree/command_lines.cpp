#include "devicetree/command_lines.hpp"

#include "devicetree/boot_module.hpp"

namespace bulkhead::devicetree {
namespace {

/// bootargs of dom0's kernel, which may be missing.
Result<std::string_view> dom0_kernel_bootargs(const Node& chosen)
{
    for (const auto node : chosen.children()) {
        const bool names_other_kind = node.is_compatible("multiboot,ramdisk") ||
                                      node.is_compatible("xen,linux-initrd") ||
                                      node.is_compatible("xen,xsm-policy");
        if (is_boot_module(node) && !names_other_kind) return node.string("bootargs");
    }
    return failure(Error::no_entry);
}

} // namespace

CommandLines command_lines(const Tree& tree)
{
    const auto chosen = tree.at_path("/chosen");
    if (!chosen) return {};
    const auto bootargs = chosen->string("bootargs").value_or(std::string_view{});
    const auto hypervisors = chosen->string("xen,xen-bootargs");
    const auto dom0s = chosen->string("xen,dom0-bootargs");
    const auto kernels = dom0_kernel_bootargs(*chosen);

    // bootargs belongs to the side that has no property of its own; to dom0 if neither has one.
    CommandLines lines;
    if (hypervisors)
        lines.hypervisor = *hypervisors;
    else if (dom0s || kernels)
        lines.hypervisor = bootargs;
    lines.dom0 = dom0s ? *dom0s : kernels.value_or(bootargs);
    return lines;
}

} // namespace bulkhead::devicetree
