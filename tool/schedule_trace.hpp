#pragma once
#include "sched/trace_record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::tool {

using sched::trace::Event;
using sched::trace::Stop;
using sched::trace::UnitName;

/// One record of a trace, with its time in nanoseconds.
struct TraceEvent {
    std::uint64_t at = 0;
    unsigned cpu = 0;
    Event event = Event::none;
    UnitName unit{};
    std::uint32_t argument = 0;
    bool operator==(const TraceEvent&) const = default;
};

/// Somebody has a CPU, from `begin` until before `end`.
struct Slice {
    UnitName unit;
    unsigned cpu = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool operator==(const Slice&) const = default;
};

/// What the schedulers of all CPUs did, in the order of time. Of the time before `begin`, some
/// CPU's records are lost.
struct ScheduleTrace {
    unsigned cpus = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::vector<TraceEvent> events{};

    /// Who ran where, cut to the time from `begin` to `end`, in the order of beginnings.
    [[nodiscard]] std::vector<Slice> slices() const;
};

/// "d1v0": vCPU 0 of domain 1.
std::string name_of(UnitName unit);

/// Puts together what all CPUs recorded.
class TraceBuilder {
public:
    TraceBuilder(unsigned cpus, std::uint64_t frequency, std::uint64_t now);

    /// A CPU's records, the oldest first.
    void add(unsigned cpu, const sched::trace::Record& record);
    /// The CPU ever wrote so many; those that were not added are lost.
    void set_written(unsigned cpu, std::uint64_t count) { wrote_.at(cpu) = count; }
    [[nodiscard]] unsigned cpus() const { return trace_.cpus; }
    [[nodiscard]] std::uint64_t nanoseconds(std::uint64_t ticks) const;
    [[nodiscard]] ScheduleTrace finish() const;

private:
    std::uint64_t frequency_;
    ScheduleTrace trace_;
    std::vector<std::uint64_t> kept_; ///< records of each CPU
    std::vector<std::uint64_t> wrote_;
};

/// Reads what the hypervisor prints upon key `t` of its console (sched/trace.cpp):
///   trace: 2 CPUs, 1000000000 Hz, now 81000
///   trace: 0 5000 1 d1v0 0
///   trace: CPU 0 wrote 1
///   trace: end
class TraceReader {
public:
    /// Takes in a line of the hypervisor's; others are ignored. Throws Failure on one that is
    /// damaged.
    void add_line(std::string_view line);

    [[nodiscard]] bool is_done() const { return is_done_; }
    /// The last trace that came to its end.
    [[nodiscard]] const ScheduleTrace& trace() const { return trace_; }

private:
    void add_header(std::string_view line);
    void add_record(std::string_view line);

    std::optional<TraceBuilder> builder_; ///< of the trace that is being read
    ScheduleTrace trace_;
    bool is_done_ = false;
};

} // namespace bulkhead::tool
