#include "busybox_initrd.hpp"
#include "command.hpp"
#include "demo_observer.hpp"
#include "demo_report.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "qemu.hpp"
#include "system_run.hpp"

#include <fmt/format.h>
#include <memory>

namespace bulkhead::tool {
namespace {

constexpr std::chrono::seconds longest_demo{100};
constexpr std::chrono::seconds longest_measurement{60};

struct DemoOptions {
    Profile profile = Profile::full;
    std::string machine; ///< empty: zcu102, or virt if a GIC is named
    unsigned gic = 0;
    bool interactive = false;
};

SystemRequest demo_request(const Session& session, const DemoOptions& options)
{
    SystemRequest request{.file = session.project.examples() / "demo.toml",
                          .profile = options.profile};
    const bool is_virt = options.machine == "virt" || (options.machine.empty() && options.gic != 0);
    request.instead.kind = is_virt ? MachineKind::virt : MachineKind::zcu102;
    if (options.gic != 0) request.instead.gic = options.gic;
    // Left alone, Linux shows that it reached its shell and ends.
    if (!options.interactive)
        request.change = [](SystemDescription& description) {
            for (DomainDescription& domain : description.domains)
                if (domain.cmdline && domain.kernel &&
                    domain.kernel->source.value == "debian:linux")
                    domain.cmdline->value += fmt::format(" {}", power_off_option);
        };
    return request;
}

/// Runs the latency guest alone on a machine where an instruction takes a nanosecond.
std::optional<LatencyReport::Summary> measure_instructions(Session& session, Profile profile)
{
    session.progress.say("measuring latency in instructions, in a deterministic run");
    LatencyReport report;
    const RunRequest request{
        .system = {.file = session.project.examples() / "latency.toml", .profile = profile},
        .shown = session.progress.verbose(),
        .at_most = longest_measurement,
        .watcher = [&](const ConsoleLine& line, Elapsed) {
            report.add_line(line.text);
            return report.is_done();
        }};
    run_system(session, request);
    return report.is_complete() ? report.summary() : std::nullopt;
}

int show_demo(Session& session, const DemoOptions& options)
{
    RunRequest request{.system = demo_request(session, options), .at_most = longest_demo};
    const LoadedDescription loaded = load_description(request.system);
    check_system(session, loaded);
    DemoObserver observer{loaded.description};
    request.watcher = [&](const ConsoleLine& line, Elapsed elapsed) {
        return observer.see(line, elapsed);
    };

    const RunResult result = run_system(session, request);
    const auto instructions = observer.missing().empty()
                                  ? measure_instructions(session, options.profile)
                                  : std::optional<LatencyReport::Summary>{};
    const DemoFigures figures{result.plan, observer, emulator_version(), instructions};
    fmt::print("\n{}", demo_table(figures));
    write_file(session.project.out() / "demo.json", demo_json(figures));

    std::vector<std::string> missing = observer.missing();
    if (missing.empty() && !instructions)
        missing.push_back(fmt::format("the deterministic run gave no latency (its console: {})",
                                      (session.project.logs() / "latency.log").string()));
    if (missing.empty()) return 0;
    std::string text = fmt::format("the demo is not complete: {}", fmt::join(missing, "; "));
    if (result.end == ConsoleEnd::timed_out)
        text += fmt::format("; stopped after {} s", longest_demo.count());
    if (!result.ending.empty()) text += "; " + result.ending;
    throw Failure{text + fmt::format("\nthe console's log: {}", result.log.string())};
}

int attend_demo(Session& session, const DemoOptions& options)
{
    const RunResult result =
        run_system(session, {.system = demo_request(session, options), .interactive = true});
    if (!result.ending.empty()) session.progress.say(result.ending);
    return 0;
}

} // namespace

void add_demo_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command = line.add_subcommand(
        "demo", "boot Linux and a real-time guest side by side under QEMU, and measure");
    const auto options = std::make_shared<DemoOptions>();
    command->add_option("--machine", options->machine, "zcu102 (the usual) or virt")
        ->check(CLI::IsMember({"zcu102", "virt"}));
    command
        ->add_option("--gic", options->gic,
                     "interrupt controller, 2 or 3 (the usual); chooses virt")
        ->check(CLI::IsMember({2U, 3U}));
    command->add_flag(
        "-i,--interactive", options->interactive,
        "your terminal is the console (CTRL-a three times: next domain; CTRL-]: end)");
    add_profile_option(*command, options->profile);
    command->callback([=, &chosen] {
        chosen = [=](Session& session) {
            return options->interactive ? attend_demo(session, *options)
                                        : show_demo(session, *options);
        };
    });
}

} // namespace bulkhead::tool
