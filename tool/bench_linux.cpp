#include "bench_run.hpp"

#include "failure.hpp"
#include "file_contents.hpp"
#include "image_source.hpp"
#include "machine_tree.hpp"
#include "qemu.hpp"
#include "system_run.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr std::chrono::seconds longest_boot{300};

/// "[    2.311173] reboot: Power down": Linux's own clock, in microseconds, at its end.
std::optional<std::uint64_t> power_down_time(const std::string& line)
{
    const std::size_t begin = line.find('[');
    const std::size_t end = line.find(']');
    if (begin == std::string::npos || end == std::string::npos || begin > end ||
        line.find("reboot: Power down", end) == std::string::npos)
        return std::nullopt;
    const std::string text = line.substr(begin + 1, end - begin - 1);
    const std::size_t point = text.find('.');
    if (point == std::string::npos) return std::nullopt;
    return std::stoull(text.substr(0, point)) * 1'000'000 + std::stoull(text.substr(point + 1));
}

/// What a domain's machine has and no more, so that both Linuxes drive the same devices.
void keep_what_domains_have(DeviceTree& tree)
{
    const auto is_kept = [](const std::string& path) {
        for (const char* kept :
             {"/memory", "/cpus", "/psci", "/timer", "/intc", "/pl011", "/apb-pclk", "/chosen"})
            if (path.starts_with(kept)) return true;
        return false;
    };
    for (const std::string& node : tree.children("/")) {
        if (!is_kept(node)) tree.remove_node(node);
        if (node.starts_with("/intc"))
            for (const std::string& child : tree.children(node))
                tree.remove_node(child);
    }
}

Command alone_command(Session& session, const SystemDescription& description)
{
    MachineDescription machine = description.machine;
    const DomainDescription& domain = description.domains.at(0);
    machine.memory->value = domain.memory.value;
    Problems problems;
    const auto facts = facts_of_known_machine(machine, problems);
    DeviceTree tree = machine_tree(session, machine, facts.value(), session.project.root());
    keep_what_domains_have(tree);
    const AloneGuest guest{.kernel = debian_kernel_path(session.project),
                           .ramdisk = session.project.debian() / "busybox-initrd.cpio",
                           .device_tree = session.project.out() / "linux-alone.dtb",
                           .cmdline = domain.cmdline->value};
    write_file_if_changed(guest.device_tree, tree.bytes());
    return qemu_alone_command(machine, *facts, guest);
}

} // namespace

std::map<Ground, Column> measure_linux(Session& session, const BenchMachine& machine)
{
    SystemRequest request{.file = session.project.root() / "bench" / "linux.toml"};
    request.instead.gic = machine.gic;
    std::optional<std::uint64_t> in_domain;
    std::optional<std::uint64_t> alone;

    session.progress.say(fmt::format("booting Linux on {}: Bulkhead", machine.name()));
    run_system(session, {.system = request,
                         .shown = session.progress.verbose(),
                         .at_most = longest_boot,
                         .log_name = "bench-linux-bulkhead",
                         .watcher = [&](const ConsoleLine& line, Elapsed) {
                             if (line.domain) in_domain = power_down_time(line.text);
                             return in_domain.has_value();
                         }});

    session.progress.say(fmt::format("booting Linux on {}: bare metal", machine.name()));
    const Command command = alone_command(session, load_description(request).description);
    session.progress.show(command);
    Emulator emulator{command, session.project.logs() / "bench-linux-bare.log"};
    (void)watch_console(emulator, longest_boot, [&](const ConsoleLine& line, Elapsed) {
        alone = power_down_time(line.text);
        return alone.has_value();
    });
    if (!in_domain || !alone)
        throw Failure{fmt::format("Linux did not reach its end; the consoles: {}/bench-linux-*.log",
                                  session.project.logs().string())};
    const double ratio = static_cast<double>(*in_domain) / static_cast<double>(*alone);
    return {{Ground::bulkhead,
             {{"linux_time", Figure::of(*in_domain)},
              {"linux_ratio", Figure::of(static_cast<std::uint64_t>(ratio * 1e6))}}},
            {Ground::bare_metal, {{"linux_time", Figure::of(*alone)}}}};
}

} // namespace bulkhead::tool
