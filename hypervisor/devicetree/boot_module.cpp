#include "devicetree/boot_module.hpp"

#include "devicetree/address.hpp"

#include <iterator>

namespace bulkhead::devicetree {
namespace {

using Kind = BootModule::Kind;

constexpr struct {
    std::string_view compatible;
    Kind kind;
} kinds[] = {
    {"multiboot,kernel", Kind::kernel},           {"xen,linux-zimage", Kind::kernel},
    {"multiboot,ramdisk", Kind::ramdisk},         {"xen,linux-initrd", Kind::ramdisk},
    {"multiboot,device-tree", Kind::device_tree}, {"xen,xsm-policy", Kind::xsm_policy},
};

Kind kind_of(const Node& node, unsigned& unnamed)
{
    for (const auto& [compatible, kind] : kinds) {
        if (node.is_compatible(compatible)) return kind;
    }
    constexpr Kind by_position[] = {Kind::kernel, Kind::ramdisk};
    return unnamed < std::size(by_position) ? by_position[unnamed++] : Kind::other;
}

} // namespace

bool is_boot_module(const Node& node)
{
    return node.is_compatible("multiboot,module") || node.is_compatible("xen,multiboot-module");
}

Result<BootModules> read_boot_modules(const Node& parent, Report& report)
{
    BootModules modules;
    unsigned unnamed = 0;
    bool all_good = true;
    for (const auto node : parent.children()) {
        if (!is_boot_module(node)) continue;
        BootModule module{.node = node, .kind = kind_of(node, unnamed)};
        const auto range = written_range(node, "reg", 0);
        const auto bootargs = node.string("bootargs");
        if (!range || range->size == 0) {
            report.error("{}: reg has to be the module's address and size ({} and {} cells)",
                         node.path(), parent.address_cells(), parent.size_cells());
            all_good = false;
        } else if (bootargs && bootargs->size() >= max_bootargs) {
            report.error("{}: bootargs has {} characters, but at most {} are passed on",
                         node.path(), bootargs->size(), max_bootargs - 1);
            all_good = false;
        } else {
            module.range = *range;
            module.bootargs = bootargs.value_or(std::string_view{});
            if (!modules.push(module)) {
                report.error("{}: more than {} modules", parent.path(), modules.capacity);
                return failure(Error::no_space);
            }
        }
    }
    if (!all_good) return failure(Error::invalid);
    return modules;
}

Result<void> remove_boot_modules(const Tree& tree, memory::PhysicalRanges& ram)
{
    const auto remove_children = [&ram](const Node& parent) -> Result<void> {
        for (const auto node : parent.children()) {
            const auto range =
                is_boot_module(node) ? written_range(node, "reg", 0) : failure(Error::no_entry);
            if (!range) continue;
            if (auto removed = ram.remove(*range); !removed) return removed;
        }
        return {};
    };
    const auto chosen = tree.at_path("/chosen");
    if (!chosen) return {};
    if (auto removed = remove_children(*chosen); !removed) return removed;
    for (const auto domain : chosen->children())
        if (auto removed = remove_children(domain); !removed) return removed;
    return {};
}

} // namespace bulkhead::devicetree
