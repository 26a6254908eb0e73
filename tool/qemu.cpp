#include "qemu.hpp"

#include "byte_size.hpp"
#include "placement.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

/// A path inside an option, where a comma would begin the next suboption unless it is doubled.
std::string option_path(const std::filesystem::path& path)
{
    std::string text;
    for (const char c : path.string())
        text += c == ',' ? ",," : std::string(1, c);
    return text;
}

std::vector<std::string> machine_arguments(const MachineDescription& machine,
                                           const MachineFacts& facts)
{
    std::vector<std::string> arguments{"qemu-system-aarch64"};
    const auto add = [&](std::initializer_list<std::string> more) {
        arguments.insert(arguments.end(), more);
    };
    if (kind_of(machine) == MachineKind::zcu102) {
        add({"-M", "xlnx-zcu102,virtualization=on"});
    } else {
        // Without random seeds in the tree, the same system is the same bytes.
        add({"-M",
             fmt::format("virt,virtualization=on,gic-version={},dtb-randomness=off", facts.gic)});
        // One instruction is one nanosecond of virtual time, and the guests' counter counts those.
        if (machine.deterministic.value)
            add({"-cpu", "cortex-a53,cntfrq=1000000000", "-icount", "shift=0,sleep=off", "-rtc",
                 "clock=vm"});
        else
            add({"-cpu", "cortex-a53"});
        // A network card would need a boot ROM that Debian has in another package.
        add({"-nic", "none"});
    }
    add({"-smp", std::to_string(facts.cpus), "-m", fmt::format("{}M", facts.ram_size() / mebibyte),
         "-display", "none", "-audiodev", "none,id=none", "-monitor", "none"});
    return arguments;
}

} // namespace

Command qemu_tree_command(const MachineDescription& machine, const MachineFacts& facts,
                          const std::filesystem::path& file)
{
    std::vector<std::string> arguments = machine_arguments(machine, facts);
    arguments[2] += fmt::format(",dumpdtb={}", option_path(file));
    return {std::move(arguments)};
}

Command qemu_boot_command(const SystemPlan& plan, const std::vector<LoadEntry>& entries,
                          const std::filesystem::path& folder)
{
    std::vector<std::string> arguments = machine_arguments(plan.description.machine, plan.machine);
    // No multiplexer: every byte, CTRL-a included, is the console's.
    for (const char* argument : {"-no-reboot", "-chardev", "stdio,id=console,mux=off,signal=off",
                                 "-serial", "chardev:console"})
        arguments.emplace_back(argument);
    const auto load = [&](const std::string& file, std::uint64_t address, std::string_view more) {
        arguments.emplace_back("-device");
        arguments.push_back(fmt::format("loader,file={},addr={:#x},force-raw=on{}",
                                        option_path(folder / file), address, more));
    };
    load("start.bin", boot_stub_address(plan.machine), ",cpu-num=0"); // CPU 0 starts there
    for (const LoadEntry& entry : entries)
        load(entry.file_name, entry.place.start, "");
    return {std::move(arguments)};
}

} // namespace bulkhead::tool
