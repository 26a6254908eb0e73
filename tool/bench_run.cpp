#include "bench_run.hpp"

#include "byte_size.hpp"
#include "debian_packages.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "machine_tree.hpp"
#include "qemu.hpp"
#include "system_run.hpp"
#include "target_build.hpp"

#include <fmt/format.h>
#include <numeric>

namespace bulkhead::tool {
namespace {

constexpr std::chrono::seconds longest_run{120};

/// The guest's runs: most rows with one CPU, what takes a pair, and what takes a device of its own.
struct Part {
    std::string rows; ///< and more of the guest's command line
    std::uint32_t cpus;
};
const Part parts[] = {{"alone", 1}, {"pair", 2}, {"device", 1}};

Command alone_command(Session& session, const SystemRequest& request, const Part& part)
{
    MachineDescription machine = load_description(request).description.machine;
    // QEMU's GICv2 with one CPU does not say which one it is (GICD_ITARGETSR0 reads as zero).
    if (machine.gic && machine.gic->value == 2) machine.cpus->value = 2;
    Problems problems;
    const auto facts = facts_of_known_machine(machine, problems);
    if (!facts) throw Failure{"the bench's machine is none that QEMU has"};
    AloneGuest guest{.kernel = session.project.guests() / "bench.bin",
                     .cmdline = "rows=" + part.rows};
    if (kind_of(machine) == MachineKind::zcu102) {
        guest.device_tree = session.project.out() / "zcu102.dtb";
        write_file_if_changed(
            guest.device_tree,
            machine_tree(session, machine, *facts, session.project.root()).bytes());
    }
    return qemu_alone_command(machine, *facts, guest);
}

void run_alone(Session& session, const SystemRequest& request, const Part& part,
               const std::string& log_name, BenchReport& report)
{
    const Command command = alone_command(session, request, part);
    session.progress.show(command);
    Emulator emulator{command, session.project.logs() / (log_name + ".log")};
    (void)watch_console(emulator, longest_run, [&](const ConsoleLine& line, Elapsed) {
        report.add_line(line.text);
        return report.is_done();
    });
}

/// "boot: first domain after 10306 us; 76 KiB beside the image", in bytes.
std::optional<std::uint64_t> memory_of(const std::string& line)
{
    const std::size_t begin = line.find("; ");
    if (!line.starts_with("boot: first domain after ") || begin == std::string::npos)
        return std::nullopt;
    return std::stoull(line.substr(begin + 2)) * kibibyte;
}

} // namespace

SystemRequest bench_request(const Session& session, const BenchMachine& machine,
                            const std::string& cmdline, std::uint32_t cpus)
{
    SystemRequest request{.file = session.project.root() / "bench" / "partition.toml"};
    request.instead.kind = machine.kind;
    request.instead.gic = machine.gic;
    request.change = [=](SystemDescription& description) {
        if (machine.kind == MachineKind::virt) description.machine.cpus->value = cpus;
        DomainDescription& domain = description.domains.at(0);
        if (machine.kind == MachineKind::zcu102) description.machine.cpus.reset();
        if (cmdline != "rows=device") domain.devices.reset();
        domain.cmdline = Given<std::string>{cmdline};
        domain.vcpus.value = cpus;
        domain.cpus->value.resize(cpus);
        std::iota(domain.cpus->value.begin(), domain.cpus->value.end(), 0U);
    };
    return request;
}

std::string name_of(Ground ground)
{
    switch (ground) {
    case Ground::bare_metal: return "bare metal";
    case Ground::bulkhead: return "Bulkhead";
    case Ground::xen: break;
    }
    return "Xen 4.17";
}

std::string BenchMachine::name() const
{
    return kind == MachineKind::zcu102 ? "zcu102" : fmt::format("virt-gicv{}", gic);
}

Column measure_rows(Session& session, const BenchMachine& machine, Ground ground)
{
    build_target(session, false);
    Column column;
    for (const Part& part : parts) {
        // With two CPUs in turns, Xen 4.17 waits in its boot for the other CPU and never gives way.
        if (ground == Ground::xen && part.cpus > 1) continue;
        if (machine.kind == MachineKind::zcu102 && part.rows == "device") continue; // has no PL031
        const SystemRequest request =
            bench_request(session, machine, "rows=" + part.rows, part.cpus);
        const std::string log_name = fmt::format("bench-{}-{}-{}", machine.name(),
                                                 ground == Ground::bare_metal ? "bare"
                                                 : ground == Ground::xen      ? "xen"
                                                                              : "bulkhead",
                                                 part.rows);
        session.progress.say(
            fmt::format("measuring on {}: {}, {}", machine.name(), name_of(ground), part.rows));
        BenchReport report;
        if (ground == Ground::bare_metal) {
            run_alone(session, request, part, log_name, report);
        } else {
            RunRequest run{.system = request,
                           .shown = session.progress.verbose(),
                           .at_most = longest_run,
                           .log_name = log_name,
                           .watcher = [&](const ConsoleLine& line, Elapsed) {
                               report.add_line(line.text);
                               return report.is_done();
                           }};
            if (ground == Ground::xen)
                run.system.hypervisor =
                    DebianPackages{session.project, session.progress}.need_xen();
            run_system(session, run);
        }
        if (!report.is_done())
            session.progress.say(
                fmt::format("{} did not come to its end there; its console: {}", name_of(ground),
                            (session.project.logs() / (log_name + ".log")).string()));
        column.insert(report.column().begin(), report.column().end());
    }
    return column;
}

Column measure_wake(Session& session)
{
    BenchReport report;
    RunRequest run{.system = bench_request(session, {}, "rows=pair", 2),
                   .shown = session.progress.verbose(),
                   .at_most = longest_run,
                   .log_name = "bench-wake",
                   .watcher = [&](const ConsoleLine& line, Elapsed) {
                       report.add_line(line.text);
                       return report.is_done();
                   }};
    run.system.more_bootargs = " sched=credit2 vwfi=trap";
    run_system(session, run);
    const auto found = report.column().find("sgi_other");
    if (found == report.column().end()) return {};
    return {{"wake_other", found->second}};
}

Column measure_scale(Session& session, unsigned domains)
{
    SystemRequest request{.file = session.project.root() / "bench" / "partition.toml"};
    request.change = [=](SystemDescription& description) {
        description.machine.cpus->value = domains;
        description.machine.memory->value = 2 * gibibyte;
        DomainDescription domain = description.domains.at(0);
        description.domains.clear();
        for (unsigned n = 0; n < domains; ++n) {
            domain.name.value = fmt::format("guest{}", n);
            domain.cpus->value = {n};
            domain.devices.reset();
            domain.cmdline = Given<std::string>{n == 0 ? "rows=timer ms=20" : "rows=idle ms=10000"};
            description.domains.push_back(domain);
        }
    };
    BenchReport report;
    std::optional<std::uint64_t> memory;
    session.progress.say(fmt::format("measuring with {} domains", domains));
    const RunRequest run{.system = request,
                         .shown = session.progress.verbose(),
                         .at_most = longest_run,
                         .log_name = fmt::format("bench-scale-{}", domains),
                         .watcher = [&](const ConsoleLine& line, Elapsed) {
                             if (line.domain == 1) report.add_line(line.text);
                             if (!line.domain && !memory) memory = memory_of(line.text);
                             return report.is_done();
                         }};
    run_system(session, run);
    Column column;
    if (memory) column[fmt::format("memory_{}", domains)] = Figure::of(*memory);
    const auto timer = report.column().find("vtimer_wfi");
    if (timer != report.column().end()) column[fmt::format("vtimer_{}", domains)] = timer->second;
    return column;
}

} // namespace bulkhead::tool
