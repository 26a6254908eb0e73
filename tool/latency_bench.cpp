#include "latency_bench.hpp"

#include "debian_packages.hpp"
#include "latency_report.hpp"
#include "system_run.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace bulkhead::tool {
namespace {

constexpr std::chrono::seconds longest_latency_run{600};
constexpr const char* no_scheduler = "has no such scheduler";
constexpr unsigned samples = 200;
constexpr unsigned linux_is_idle_after_ms = 6000;

enum Guest : std::uint8_t { latency, linux_guest, storm }; // as in bench/latency.toml

void arrange(SystemDescription& description, const LatencySetup& setup)
{
    description.machine.cpus->value = setup.cpus();
    description.machine.bootargs.value +=
        fmt::format(" sched={} vwfi={}", setup.scheduler, setup.vwfi);
    const bool has_linux = setup.neighbour == Neighbour::linux_idle;
    auto& domains = description.domains;
    domains[latency].cmdline =
        Given<std::string>{fmt::format("mode=wfi timer={} samples={} after-ms={}", setup.timer,
                                       samples, has_linux ? linux_is_idle_after_ms : 10)};
    domains[storm].cmdline = Given<std::string>{"kind=" + name_of(setup.neighbour)};
    const bool has_place = setup.pinned || setup.scheduler == "null";
    if (has_place && !setup.shares_cpu) {
        domains[latency].cpus = Given<std::vector<std::uint32_t>>{{0}};
        domains[linux_guest].cpus = Given<std::vector<std::uint32_t>>{{1, 2}};
        domains[storm].cpus = Given<std::vector<std::uint32_t>>{{1}};
    }
    if (has_linux || setup.neighbour == Neighbour::nobody) domains.erase(domains.begin() + storm);
    if (!has_linux) domains.erase(domains.begin() + linux_guest);
}

/// A hypervisor's word that it has no such scheduler: Bulkhead's, and Xen's.
bool has_no_scheduler(const ConsoleLine& line)
{
    return !line.domain && (line.text.contains("sched has to be ") ||
                            line.text.starts_with("Could not find scheduler"));
}

} // namespace

LatencyRow measure_latency(Session& session, const LatencySetup& setup)
{
    LatencyRow row{.setup = setup};
    SystemRequest request{.file = session.project.root() / "bench" / "latency.toml"};
    request.change = [&](SystemDescription& description) { arrange(description, setup); };
    if (setup.ground == Ground::xen)
        request.hypervisor = DebianPackages{session.project, session.progress}.need_xen();
    LatencyReport report;
    const RunRequest run{.system = request,
                         .shown = session.progress.verbose(),
                         .at_most = longest_latency_run,
                         .log_name = "bench-latency",
                         .watcher = [&](const ConsoleLine& line, Elapsed) {
                             if (has_no_scheduler(line)) row.remark = no_scheduler;
                             if (line.domain == 1) report.add_line(line.text);
                             return report.is_done() || !row.remark.empty();
                         }};
    session.progress.say(
        fmt::format("measuring {}, neighbour: {}", setup.title(), name_of(setup.neighbour)));
    const RunResult result = run_system(session, run);
    if (const auto& summary = report.summary(); summary && row.remark.empty())
        row.figures = LatencyFigures{.least = summary->least,
                                     .average = summary->average,
                                     .warm_most = summary->most,
                                     .most = std::max(summary->most, summary->cold)};
    else if (row.remark.empty())
        row.remark = result.end == ConsoleEnd::timed_out
                         ? fmt::format("did not end within {} s", longest_latency_run.count())
                         : "ended without figures";
    return row;
}

std::vector<LatencyPanel> measure_panels(Session& session, std::vector<LatencyPanel> panels)
{
    std::set<std::pair<Ground, std::string>> absent;
    for (LatencyPanel& panel : panels)
        for (LatencyRow& row : panel.rows) {
            const std::pair key{row.setup.ground, row.setup.scheduler};
            if (absent.contains(key))
                row.remark = no_scheduler;
            else
                row = measure_latency(session, row.setup);
            if (row.remark == no_scheduler) absent.insert(key);
        }
    return panels;
}

Column measure_lone_timers(Session& session)
{
    Column column;
    const auto measure = [&](const std::string& row, const LatencySetup& setup) {
        const auto figures = measure_latency(session, setup).figures;
        if (!figures) return;
        const Figure figure{samples, figures->least, figures->average, figures->most};
        auto& most = column.try_emplace(row, figure).first->second;
        if (figure.most > most.most) most = figure;
    };
    measure("vtimer_trapped", {.scheduler = "null", .vwfi = "trap"});
    measure("vtimer_trapped_credit2", {.scheduler = "credit2", .vwfi = "trap"});
    for (const char* scheduler : {"credit", "credit2", "rtds"}) {
        measure("vtimer_lone", {.scheduler = scheduler, .vwfi = "auto"});
        measure("ptimer_lone", {.scheduler = scheduler, .vwfi = "auto", .timer = "physical"});
    }
    return column;
}

} // namespace bulkhead::tool
