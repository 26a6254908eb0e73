#include "system_run.hpp"

#include "failure.hpp"
#include "qemu.hpp"
#include "schedule_facts.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace bulkhead::tool {
namespace {

/// Xen's option: the console's input stays with the hypervisor, so that each line of a domain is
/// marked as the domain's.
constexpr const char* keep_console = " conswitch=ax";

ConsoleEnd watch(Emulator& emulator, const RunRequest& request,
                 const SystemDescription& description)
{
    const ConsoleView view{domain_names(description), ::isatty(STDOUT_FILENO) == 1};
    return watch_console(emulator, request.at_most, [&](const ConsoleLine& line, Elapsed elapsed) {
        if (request.shown) {
            fmt::print("{}", view.shown(line));
            std::fflush(stdout);
        }
        if (request.answer) emulator.write(request.answer(line));
        return request.watcher && request.watcher(line, elapsed);
    });
}

} // namespace

RunResult run_system(Session& session, const RunRequest& request)
{
    SystemRequest system = request.system;
    if (!request.interactive) system.more_bootargs += keep_console;
    const std::string name =
        request.log_name.empty() ? system.file.stem().string() : request.log_name;
    const BuiltSystem built = build_system(session, system, session.project.out() / "run" / name);
    const SystemDescription& description = built.plan.description;
    if (kind_of(description.machine) == MachineKind::board)
        throw Failure{fmt::format(
            "{}: QEMU cannot emulate this board; `./bulkhead build {}` writes what the board needs",
            description.file.string(), description.file.string())};

    Command command = qemu_boot_command(built.plan, built.entries, built.folder);
    command.arguments.insert(command.arguments.end(), request.more_arguments.begin(),
                             request.more_arguments.end());
    session.progress.show(command);
    const std::filesystem::path log = session.project.logs() / (name + ".log");
    Emulator emulator{command, log};
    if (request.interactive) session.progress.say(attach_help);
    const ConsoleEnd end =
        request.interactive ? attach_terminal(emulator) : watch(emulator, request, description);
    return {end, end == ConsoleEnd::emulator_ended ? emulator.ending() : "", log, built.plan};
}

} // namespace bulkhead::tool
