#include "boot_script.hpp"

#include "byte_size.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {

std::vector<LoadEntry> load_entries(const SystemPlan& plan, std::uint64_t tree_size)
{
    std::vector<LoadEntry> entries{
        {"bulkhead", plan.hypervisor, "the hypervisor"},
        {"system.dtb", {plan.device_tree.start, tree_size}, "the device tree"}};
    for (const PlacedImage& placed : plan.images) {
        const DomainDescription& domain = plan.description.domains[placed.image.domain];
        entries.push_back(
            {placed.file_name, placed.place,
             fmt::format("{} of {}", role_name(placed.image.role), domain.name.value)});
    }
    std::ranges::sort(entries, {}, [](const LoadEntry& entry) { return entry.place.start; });
    return entries;
}

std::string load_table(const std::vector<LoadEntry>& entries)
{
    std::size_t widest = 4;
    for (const LoadEntry& entry : entries)
        widest = std::max(widest, entry.file_name.size());
    std::string table = fmt::format("{:<{}}  {:>14}  {:>14}  {:>10}  {}\n", "file", widest,
                                    "address", "end", "size", "what");
    for (const LoadEntry& entry : entries)
        table += fmt::format("{:<{}}  {:>#14x}  {:>#14x}  {:>10}  {}\n", entry.file_name, widest,
                             entry.place.start, entry.place.end() - 1,
                             format_byte_size_roughly(entry.place.size), entry.what);
    return table;
}

/// U-Boot's shell takes an apostrophe for a quotation mark even inside quotation marks, so there is
/// none in the script.
std::string uboot_script(const SystemPlan& plan, const std::vector<LoadEntry>& entries)
{
    std::string script = fmt::format(
        "# Made by `./bulkhead build` from {}. Starts Bulkhead and its domains.\n"
        "# Put all files of this folder on the boot medium. For a network boot, set `load` to\n"
        "# tftpboot before this runs.\n"
        "if test -z \"${{load}}\"; then\n"
        "    setenv load load ${{devtype}} ${{devnum}}:${{distro_bootpart}}\n"
        "fi\n"
        "# The tree stays where it is loaded.\n"
        "setenv fdt_high 0xffffffffffffffff\n",
        plan.description.file.filename().string());
    for (const LoadEntry& entry : entries)
        script += fmt::format("echo \"Loading {}\"\n"
                              "${{load}} {:#x} {} || exit 1\n",
                              entry.what, entry.place.start, entry.file_name);
    return script +
           fmt::format("booti {:#x} - {:#x}\n", plan.hypervisor.start, plan.device_tree.start);
}

} // namespace bulkhead::tool
