#include "schedule_trace.hpp"

#include "failure.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace bulkhead::tool {
namespace {

constexpr std::string_view trace_mark = "trace: ";
constexpr unsigned most_cpus = 128;
constexpr std::uint64_t ns_per_second = 1'000'000'000;

/// The next number of a line, whatever stands before it.
std::optional<std::uint64_t> take_number(std::string_view& line)
{
    const std::size_t begin = line.find_first_of("0123456789");
    if (begin == std::string_view::npos) return std::nullopt;
    std::uint64_t number = 0;
    const char* const end = line.data() + line.size();
    const auto [next, error] = std::from_chars(line.data() + begin, end, number);
    if (error != std::errc{}) return std::nullopt;
    line = {next, static_cast<std::size_t>(end - next)};
    return number;
}

/// All numbers of a line; throws Failure unless there are so many.
std::vector<std::uint64_t> numbers_of(std::string_view line, std::size_t count)
{
    std::vector<std::uint64_t> numbers;
    std::string_view rest = line;
    while (const auto number = take_number(rest))
        numbers.push_back(*number);
    if (numbers.size() != count)
        throw Failure{fmt::format("the trace has a damaged line: \"{}{}\" has {} numbers, not {}",
                                  trace_mark, line, numbers.size(), count)};
    return numbers;
}

[[noreturn]] void refuse(std::string_view line, std::string_view why)
{
    throw Failure{fmt::format("the trace has a damaged line: \"{}{}\": {}", trace_mark, line, why)};
}

/// Makes slices of what one CPU did.
class CpuHistory {
public:
    CpuHistory(unsigned cpu, std::vector<Slice>& slices) : cpu_{cpu}, slices_{slices} {}

    void add(const TraceEvent& event)
    {
        if (!first_) first_ = event.at;
        switch (event.event) {
        case Event::run:
            close(event.at);
            open_ = Slice{event.unit, cpu_, event.at, 0};
            break;
        case Event::stop:
            // It began before the first record that is left.
            if (!open_ && is_first_change_) open_ = Slice{event.unit, cpu_, *first_, 0};
            close(event.at);
            break;
        case Event::idle: close(event.at); break;
        default: return;
        }
        is_first_change_ = false;
    }
    void close(std::uint64_t at)
    {
        if (!open_) return;
        open_->end = at;
        slices_.push_back(*open_);
        open_.reset();
    }

private:
    unsigned cpu_;
    std::vector<Slice>& slices_;
    std::optional<std::uint64_t> first_;
    std::optional<Slice> open_;
    bool is_first_change_ = true;
};

} // namespace

std::string name_of(UnitName unit) { return fmt::format("d{}v{}", unit.domain, unit.vcpu); }

std::vector<Slice> ScheduleTrace::slices() const
{
    std::vector<Slice> slices;
    std::vector<CpuHistory> histories;
    for (unsigned cpu = 0; cpu < cpus; ++cpu)
        histories.emplace_back(cpu, slices);
    for (const TraceEvent& event : events)
        histories.at(event.cpu).add(event);
    for (CpuHistory& history : histories)
        history.close(end);
    for (Slice& slice : slices)
        slice.begin = std::max(slice.begin, begin);
    std::erase_if(slices, [](const Slice& slice) { return slice.begin >= slice.end; });
    std::ranges::sort(slices, {}, [](const Slice& slice) {
        return std::pair{slice.begin, slice.cpu}; // a CPU's do not overlap
    });
    return slices;
}

TraceBuilder::TraceBuilder(unsigned cpus, std::uint64_t frequency, std::uint64_t now)
    : frequency_{frequency}, trace_{.cpus = cpus, .end = nanoseconds(now)}, kept_(cpus),
      wrote_(cpus)
{
}

std::uint64_t TraceBuilder::nanoseconds(std::uint64_t ticks) const
{
    return ticks / frequency_ * ns_per_second + ticks % frequency_ * ns_per_second / frequency_;
}

void TraceBuilder::add(unsigned cpu, const sched::trace::Record& record)
{
    ++kept_.at(cpu);
    trace_.events.push_back({.at = nanoseconds(record.at),
                             .cpu = cpu,
                             .event = record.event,
                             .unit = record.unit(),
                             .argument = record.argument});
}

ScheduleTrace TraceBuilder::finish() const
{
    ScheduleTrace trace{.cpus = trace_.cpus, .end = trace_.end};
    // By time; what a CPU wrote at one time stays in its order.
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t n = 0; n < trace_.events.size(); ++n)
        order.emplace_back(trace_.events[n].at, n);
    std::ranges::sort(order);
    for (const auto& [at, n] : order)
        trace.events.push_back(trace_.events[n]);
    if (!trace.events.empty()) trace.begin = trace.events.front().at;
    for (unsigned cpu = 0; cpu < trace.cpus; ++cpu) {
        if (kept_[cpu] == 0 || wrote_[cpu] <= kept_[cpu]) continue;
        const auto first = std::ranges::find(trace.events, cpu, &TraceEvent::cpu);
        trace.begin = std::max(trace.begin, first->at);
    }
    return trace;
}

void TraceReader::add_line(std::string_view line)
{
    if (!line.starts_with(trace_mark)) return;
    line.remove_prefix(trace_mark.size());
    if (line.contains(" CPUs, ")) return add_header(line);
    if (!builder_) return; // the end of a trace whose beginning was not seen
    if (line == "end") {
        trace_ = builder_->finish();
        builder_.reset();
        is_done_ = true;
        return;
    }
    if (!line.starts_with("CPU ")) return add_record(line);
    const auto numbers = numbers_of(line, 2);
    if (numbers[0] >= builder_->cpus()) refuse(line, "there is no such CPU");
    builder_->set_written(static_cast<unsigned>(numbers[0]), numbers[1]);
}

void TraceReader::add_header(std::string_view line)
{
    const auto numbers = numbers_of(line, 3);
    if (numbers[0] == 0 || numbers[0] > most_cpus || numbers[1] == 0)
        refuse(line, "no machine has so many");
    is_done_ = false;
    builder_.emplace(static_cast<unsigned>(numbers[0]), numbers[1], numbers[2]);
}

void TraceReader::add_record(std::string_view line)
{
    const auto numbers = numbers_of(line, 6);
    if (numbers[0] >= builder_->cpus()) refuse(line, "there is no such CPU");
    if (numbers[2] >= sched::trace::event_names.size()) refuse(line, "there is no such event");
    builder_->add(static_cast<unsigned>(numbers[0]),
                  {.at = numbers[1],
                   .argument = static_cast<std::uint32_t>(numbers[5]),
                   .domain = static_cast<std::uint16_t>(numbers[3]),
                   .vcpu = static_cast<std::uint8_t>(numbers[4]),
                   .event = static_cast<Event>(numbers[2])});
}

} // namespace bulkhead::tool
