#include "command.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "schedule_facts.hpp"
#include "system_run.hpp"
#include "trace_json.hpp"

#include <fmt/format.h>
#include <memory>
#include <sstream>

namespace bulkhead::tool {
namespace {

constexpr const char* print_key = "t";
constexpr std::string_view all_stopped = "all domains have stopped";

struct TraceOptions {
    std::string file;
    std::string console;
    std::string until;
    std::string out;
    std::vector<std::string> traces;
    unsigned pages = 64;
    unsigned timeout_seconds = 300;
};

/// Writes what was read, and says where.
int save(const Session& session, const TraceReader& reader, const SystemDescription& description,
         const std::string& out)
{
    const ScheduleTrace& trace = reader.trace();
    const TraceFile file{trace, schedule_facts(description, trace.cpus), domain_names(description)};
    const std::filesystem::path path =
        out.empty() ? session.project.out() / "trace" / (description.name() + ".json")
                    : std::filesystem::path{out};
    std::filesystem::create_directories(std::filesystem::absolute(path).parent_path());
    write_file(path, trace_to_json(file));
    fmt::print("{}: {} records of {} CPUs over {:.3f} ms; ui.perfetto.dev shows it\n",
               path.string(), file.trace.events.size(), file.trace.cpus,
               static_cast<double>(file.trace.end - file.trace.begin) / 1e6);
    return 0;
}

/// Boots the system, and has the hypervisor print its trace when the text was seen, or all has come
/// to its end: it then stays on, for that.
int record_trace(Session& session, const TraceOptions& options)
{
    TraceReader reader;
    bool asked = false;
    RunRequest request{
        .system = {.file = options.file,
                   .more_bootargs = fmt::format(" noreboot tbuf_size={}", options.pages)},
        .shown = session.progress.verbose(),
        .at_most = std::chrono::seconds{options.timeout_seconds},
        .watcher =
            [&](const ConsoleLine& line, Elapsed) {
                if (!line.domain) reader.add_line(line.text);
                return reader.is_done();
            },
        .answer =
            [&](const ConsoleLine& line) {
                const bool is_time = (!line.domain && line.text.starts_with(all_stopped)) ||
                                     (!options.until.empty() && line.text.contains(options.until));
                if (!is_time || asked) return "";
                asked = true;
                return print_key;
            }};
    session.progress.say(fmt::format("running {} for its trace", options.file));
    const RunResult result = run_system(session, request);
    if (!reader.is_done())
        throw Failure{fmt::format("the run ended without a trace; the console's log: {}",
                                  result.log.string())};
    return save(session, reader, result.plan.description, options.out);
}

int convert(const Session& session, const TraceOptions& options)
{
    TraceReader reader;
    LineCutter cutter;
    for (const std::string& text : cutter.add(read_file(options.console) + "\n")) {
        const ConsoleLine line = parse_console_line(text);
        if (!line.domain) reader.add_line(line.text);
    }
    if (!reader.is_done())
        throw Failure{fmt::format("{}: has no trace from its header to its end; key {} of "
                                  "Bulkhead's console prints one",
                                  options.console, print_key)};
    return save(session, reader, load_description({.file = options.file}).description, options.out);
}

int check(const TraceOptions& options)
{
    int result = 0;
    for (const std::string& name : options.traces) {
        const TraceFile file = trace_from_json(read_file(name));
        const auto wrong = check_schedule(file.trace, file.facts);
        for (const std::string& line : wrong)
            fmt::print("{}: {}\n", name, line);
        if (!wrong.empty()) result = 1;
        fmt::print("{}: {} records of {} CPUs over {:.3f} ms: {}\n", name, file.trace.events.size(),
                   file.trace.cpus, static_cast<double>(file.trace.end - file.trace.begin) / 1e6,
                   wrong.empty() ? "all is as promised" : fmt::format("{} wrong", wrong.size()));
    }
    return result;
}

} // namespace

void add_trace_command(CLI::App& line, Chosen& chosen)
{
    CLI::App* command = line.add_subcommand(
        "trace", "what the schedulers did: record it, look at it, hold it against its promises");
    command->require_subcommand(1);
    const auto options = std::make_shared<TraceOptions>();
    const auto add = [&](const char* name, const char* what, auto action) {
        CLI::App* part = command->add_subcommand(name, what);
        part->callback(
            [=, &chosen] { chosen = [=](Session& session) { return action(session, *options); }; });
        return part;
    };
    CLI::App* record =
        add("run", "boot a system under QEMU and write its trace as JSON", record_trace);
    record->add_option("FILE", options->file, "the description (TOML)")->required();
    record->add_option("--until", options->until,
                       "end when a console line contains this text, not when all domains stopped");
    record->add_option("--pages", options->pages, "pages of records for each CPU (tbuf_size)")
        ->check(CLI::Range(1U, 512U));
    record->add_option("--timeout", options->timeout_seconds, "fail after so many seconds");
    CLI::App* read = add("convert", "make the same of a console's log, such as a board's",
                         [](Session& session, const TraceOptions& chosen_options) {
                             return convert(session, chosen_options);
                         });
    read->add_option("CONSOLE", options->console, "what the console showed, as text")->required();
    read->add_option("--system", options->file, "the description of what ran (TOML)")->required();
    for (CLI::App* part : {record, read})
        part->add_option("--out", options->out, "where to; out/trace/NAME.json if not given");
    CLI::App* checks =
        add("check", "places, shares, caps, budgets, deadlines and windows of traces",
            [](Session&, const TraceOptions& chosen_options) { return check(chosen_options); });
    checks->add_option("TRACE", options->traces, "JSON that run or convert wrote")->required();
}

} // namespace bulkhead::tool
