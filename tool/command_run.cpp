#include "command.hpp"
#include "failure.hpp"
#include "system_run.hpp"

#include <fmt/format.h>
#include <memory>

namespace bulkhead::tool {
namespace {

struct RunOptions {
    std::string file;
    std::string hypervisor;
    Profile profile = Profile::full;
    std::string until;
    bool interactive = false;
    unsigned timeout_seconds = 0;
};

int run(Session& session, const RunOptions& options)
{
    RunRequest request{.system = {.file = options.file, .profile = options.profile},
                       .interactive = options.interactive};
    if (!options.hypervisor.empty()) request.system.hypervisor = options.hypervisor;
    if (options.timeout_seconds > 0)
        request.at_most = std::chrono::seconds{options.timeout_seconds};
    if (!options.until.empty())
        request.watcher = [&](const ConsoleLine& line, Elapsed) {
            return line.text.contains(options.until);
        };

    const RunResult result = run_system(session, request);
    const std::string log = fmt::format("; the console's log: {}", result.log.string());
    switch (result.end) {
    case ConsoleEnd::satisfied:
    case ConsoleEnd::left: return 0;
    case ConsoleEnd::emulator_ended:
        session.progress.say(result.ending + log);
        if (!options.until.empty())
            throw Failure{fmt::format("it ended without \"{}\"", options.until)};
        return result.ending == "QEMU ended" ? 0 : 1;
    case ConsoleEnd::timed_out: break;
    }
    throw Failure{fmt::format(
        "stopped after {} s{}{}", options.timeout_seconds,
        options.until.empty() ? "" : fmt::format(" without \"{}\"", options.until), log)};
}

} // namespace

void add_run_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command = line.add_subcommand("run", "boot a system description under QEMU");
    const auto options = std::make_shared<RunOptions>();
    command->add_option("FILE", options->file, "the description (TOML)")->required();
    command->add_flag(
        "-i,--interactive", options->interactive,
        "your terminal is the console (CTRL-a three times: next domain; CTRL-]: end)");
    command->add_option("--timeout", options->timeout_seconds,
                        "end after so many seconds, as a failure");
    command->add_option("--until", options->until,
                        "end well when a console line contains this text");
    command
        ->add_option("--hypervisor", options->hypervisor,
                     "boot this arm64 Image instead of Bulkhead, such as Xen")
        ->check(CLI::ExistingFile);
    add_profile_option(*command, options->profile);
    command->callback(
        [=, &chosen] { chosen = [=](Session& session) { return run(session, *options); }; });
}

} // namespace bulkhead::tool
