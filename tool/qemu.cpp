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

/// One instruction is one nanosecond of virtual time, and the guests' counter counts those.
constexpr const char* counting[] = {"-icount", "shift=0,sleep=off",
                                    "-rtc",    "clock=vm",
                                    "-global", "cortex-a53-arm-cpu.cntfrq=1000000000"};

enum class EntryLevel : std::uint8_t { el1, el2 };

std::vector<std::string> machine_arguments(const MachineDescription& machine,
                                           const MachineFacts& facts,
                                           EntryLevel level = EntryLevel::el2)
{
    std::vector<std::string> arguments{"qemu-system-aarch64"};
    const auto add = [&](std::initializer_list<std::string> more) {
        arguments.insert(arguments.end(), more);
    };
    const char* virtualization = level == EntryLevel::el2 ? ",virtualization=on" : "";
    if (kind_of(machine) == MachineKind::zcu102) {
        add({"-M", fmt::format("xlnx-zcu102{}", virtualization)});
    } else {
        // Without random seeds in the tree, the same system is the same bytes. A network card would
        // need a boot ROM that Debian has in another package.
        add({"-M",
             fmt::format("virt{},gic-version={},dtb-randomness=off", virtualization, facts.gic),
             "-cpu", "cortex-a53", "-nic", "none"});
    }
    if (machine.deterministic.value)
        arguments.insert(arguments.end(), std::begin(counting), std::end(counting));
    add({"-smp", std::to_string(facts.cpus), "-m", fmt::format("{}M", facts.ram_size() / mebibyte),
         "-display", "none", "-audiodev", "none,id=none", "-monitor", "none"});
    return arguments;
}

/// No multiplexer: every byte, CTRL-a included, is the console's.
void add_console(std::vector<std::string>& arguments)
{
    for (const char* argument : {"-no-reboot", "-chardev", "stdio,id=console,mux=off,signal=off",
                                 "-serial", "chardev:console"})
        arguments.emplace_back(argument);
}

} // namespace

std::string emulator_version()
{
    const std::string text = run_captured({{"qemu-system-aarch64", "--version"}}).output;
    const std::string_view mark = "version ";
    const std::size_t begin = text.find(mark);
    if (begin == std::string::npos) return "QEMU";
    const std::size_t version = begin + mark.size();
    return "QEMU " + text.substr(version, text.find_first_of(" \n", version) - version);
}

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
    add_console(arguments);
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

Command qemu_alone_command(const MachineDescription& machine, const MachineFacts& facts,
                           const AloneGuest& guest)
{
    std::vector<std::string> arguments = machine_arguments(machine, facts, EntryLevel::el1);
    add_console(arguments);
    const auto add_file = [&](const char* option, const std::filesystem::path& file) {
        if (!file.empty()) arguments.insert(arguments.end(), {option, file.string()});
    };
    add_file("-kernel", guest.kernel);
    add_file("-initrd", guest.ramdisk);
    add_file("-dtb", guest.device_tree);
    arguments.insert(arguments.end(), {"-append", guest.cmdline});
    return {std::move(arguments)};
}

} // namespace bulkhead::tool
