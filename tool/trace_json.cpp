#include "trace_json.hpp"

#include "failure.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bulkhead::tool {
namespace {

using nlohmann::json;

constexpr int cpu_rows = 0; // "process" of the CPUs in the picture; a domain is its own number

double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

std::string shown(const TraceFile& file, UnitName unit)
{
    if (unit.domain == 0 || unit.domain > file.domains.size()) return name_of(unit);
    return fmt::format("{} v{}", file.domains[unit.domain - 1], unit.vcpu);
}

json row_name(const char* kind, int process, unsigned thread, const std::string& name)
{
    return {
        {"ph", "M"}, {"name", kind}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}};
}

json rows_of(const TraceFile& file)
{
    json events = json::array();
    events.push_back(row_name("process_name", cpu_rows, 0, "CPUs"));
    for (unsigned cpu = 0; cpu < file.trace.cpus; ++cpu)
        events.push_back(row_name("thread_name", cpu_rows, cpu, fmt::format("CPU {}", cpu)));
    for (std::size_t n = 0; n < file.domains.size(); ++n)
        events.push_back(row_name("process_name", static_cast<int>(n) + 1, 0, file.domains[n]));
    for (const Slice& slice : file.trace.slices()) {
        json bar{{"ph", "X"},
                 {"cat", "sched"},
                 {"ts", microseconds(slice.begin)},
                 {"dur", microseconds(slice.end - slice.begin)}};
        bar.update({{"name", shown(file, slice.unit)}, {"pid", cpu_rows}, {"tid", slice.cpu}});
        events.push_back(bar);
        bar.update({{"name", fmt::format("CPU {}", slice.cpu)},
                    {"pid", slice.unit.domain},
                    {"tid", slice.unit.vcpu}});
        events.push_back(bar);
    }
    for (const TraceEvent& event : file.trace.events) {
        if (event.event == Event::run || event.event == Event::stop || event.event == Event::idle)
            continue;
        const auto name = sched::trace::event_names.at(static_cast<std::size_t>(event.event));
        events.push_back({{"ph", "i"},
                          {"cat", "sched"},
                          {"s", "t"},
                          {"ts", microseconds(event.at)},
                          {"name", fmt::format("{} {}", name, shown(file, event.unit))},
                          {"pid", cpu_rows},
                          {"tid", event.cpu},
                          {"args", {{"argument", event.argument}}}});
    }
    return events;
}

json facts_to_json(const ScheduleFacts& facts)
{
    json units = json::array();
    for (const auto& [name, unit] : facts.units)
        units.push_back({{"domain", name.domain},
                         {"vcpu", name.vcpu},
                         {"policy", static_cast<int>(unit.policy)},
                         {"cpus", unit.cpus},
                         {"weight", unit.weight},
                         {"cap", unit.cap},
                         {"period", unit.period},
                         {"budget", unit.budget},
                         {"extratime", unit.extratime}});
    json windows = json::array();
    for (const ScheduleWindow& window : facts.windows)
        windows.push_back({window.unit.domain, window.unit.vcpu, window.length});
    return {{"units", units}, {"windows", windows}, {"major_frame", facts.major_frame}};
}

ScheduleFacts facts_from_json(const json& from)
{
    ScheduleFacts facts;
    for (const json& unit : from.at("units")) {
        const UnitName name{unit.at("domain"), unit.at("vcpu")};
        facts.units[name] = {.policy = static_cast<Policy>(unit.at("policy").get<int>()),
                             .cpus = unit.at("cpus"),
                             .weight = unit.at("weight"),
                             .cap = unit.at("cap"),
                             .period = unit.at("period"),
                             .budget = unit.at("budget"),
                             .extratime = unit.at("extratime")};
    }
    for (const json& window : from.at("windows"))
        facts.windows.push_back({{window.at(0), window.at(1)}, window.at(2)});
    facts.major_frame = from.at("major_frame");
    return facts;
}

} // namespace

std::string trace_to_json(const TraceFile& file)
{
    json records = json::array();
    for (const TraceEvent& event : file.trace.events)
        records.push_back({event.cpu, event.at, static_cast<int>(event.event), event.unit.domain,
                           event.unit.vcpu, event.argument});
    const json own{
        {"cpus", file.trace.cpus}, {"begin", file.trace.begin},          {"end", file.trace.end},
        {"domains", file.domains}, {"facts", facts_to_json(file.facts)}, {"records", records}};
    return json{{"displayTimeUnit", "ns"}, {"traceEvents", rows_of(file)}, {"bulkhead", own}}
               .dump() +
           "\n";
}

TraceFile trace_from_json(const std::string& text)
{
    try {
        const json own = json::parse(text).at("bulkhead");
        TraceFile file{
            .trace = {.cpus = own.at("cpus"), .begin = own.at("begin"), .end = own.at("end")},
            .facts = facts_from_json(own.at("facts")),
            .domains = own.at("domains")};
        for (const json& record : own.at("records")) {
            const TraceEvent event{.at = record.at(1),
                                   .cpu = record.at(0),
                                   .event = static_cast<Event>(record.at(2).get<int>()),
                                   .unit = {record.at(3), record.at(4)},
                                   .argument = record.at(5)};
            if (event.cpu >= file.trace.cpus ||
                static_cast<std::size_t>(event.event) >= sched::trace::event_names.size())
                throw Failure{"the trace has a record of a CPU or an event that there is not"};
            file.trace.events.push_back(event);
        }
        return file;
    } catch (const json::exception& error) {
        throw Failure{
            fmt::format("this is no trace that ./bulkhead trace wrote: {}", error.what())};
    }
}

} // namespace bulkhead::tool
