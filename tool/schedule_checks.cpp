#include "schedule_checks.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>

namespace bulkhead::tool {
namespace {

using Lines = std::vector<std::string>;

double milliseconds(double nanoseconds) { return nanoseconds / 1e6; }

bool shares_by_weight(const UnitFacts& unit)
{
    return unit.policy == Policy::credit || unit.policy == Policy::credit2;
}

/// When a unit could not run because it did not want to.
struct Rest {
    std::uint64_t begin;
    std::uint64_t end;
};

/// The rests of each unit. Before its first record it rested if that is a wake; else it could run.
std::map<UnitName, std::vector<Rest>> rests_of(const ScheduleTrace& trace)
{
    std::map<UnitName, std::vector<Rest>> rests;
    std::map<UnitName, std::optional<std::uint64_t>> since;
    for (const TraceEvent& event : trace.events) {
        const auto unknown = event.event == Event::wake ? std::optional{trace.begin} : std::nullopt;
        auto& begin = since.try_emplace(event.unit, unknown).first->second;
        const bool goes = event.event == Event::stop &&
                          event.argument != static_cast<std::uint32_t>(Stop::preempted);
        const bool comes = event.event == Event::run || event.event == Event::wake ||
                           (event.event == Event::stop && !goes);
        if (comes && begin) {
            if (*begin < event.at) rests[event.unit].push_back({*begin, event.at});
            begin.reset();
        }
        if (goes) begin = event.at;
    }
    for (const auto& [unit, begin] : since)
        if (begin && *begin < trace.end) rests[unit].push_back({*begin, trace.end});
    return rests;
}

bool rests_between(const std::vector<Rest>& rests, std::uint64_t begin, std::uint64_t end)
{
    return std::ranges::any_of(
        rests, [&](const Rest& rest) { return rest.begin < end && rest.end > begin; });
}

std::uint64_t time_between(const std::vector<Slice>& slices, UnitName unit, std::uint64_t begin,
                           std::uint64_t end)
{
    std::uint64_t sum = 0;
    for (const Slice& slice : slices)
        if (slice.unit == unit && slice.begin < end && slice.end > begin)
            sum += std::min(slice.end, end) - std::max(slice.begin, begin);
    return sum;
}

const UnitFacts* facts_of(const ScheduleFacts& facts, UnitName unit)
{
    const auto found = facts.units.find(unit);
    return found == facts.units.end() ? nullptr : &found->second;
}

void check_group(const ScheduleTrace& trace, const std::map<UnitName, UnitFacts>& group,
                 const std::vector<Slice>& slices, const CheckLimits& limits, Lines& wrong)
{
    const auto span = static_cast<double>(trace.end - trace.begin);
    std::map<UnitName, double> had;
    double total = 0;
    for (const auto& [unit, unused] : group)
        total += had[unit] =
            static_cast<double>(time_between(slices, unit, trace.begin, trace.end));
    for (const auto& [unit, share] : fair_shares(group, total, span))
        if (std::abs(had[unit] - share) > limits.share * share)
            wrong.push_back(fmt::format(
                "{}: ran {:.3f} ms of {:.3f}, its weight ({}) and cap ({}) among {} give it {:.3f}",
                name_of(unit), milliseconds(had[unit]), milliseconds(span), group.at(unit).weight,
                group.at(unit).cap, group.size(), milliseconds(share)));
}

void check_waits(const ScheduleTrace& trace, const ScheduleFacts& facts,
                 const std::vector<Slice>& slices,
                 const std::map<UnitName, std::vector<Rest>>& rests, const CheckLimits& limits,
                 Lines& wrong)
{
    for (const auto& [unit, fact] : facts.units) {
        if (!shares_by_weight(fact)) continue;
        std::uint64_t since = trace.begin;
        const auto note = [&](std::uint64_t until) {
            const auto found = rests.find(unit);
            const bool rested = found != rests.end() && rests_between(found->second, since, until);
            if (until > since && until - since > limits.longest_wait && !rested)
                wrong.push_back(fmt::format("{}: could run from {:.3f} ms on, and waited {:.3f} ms",
                                            name_of(unit), milliseconds(static_cast<double>(since)),
                                            milliseconds(static_cast<double>(until - since))));
        };
        for (const Slice& slice : slices) {
            if (slice.unit != unit) continue;
            note(slice.begin);
            since = std::max(since, slice.end);
        }
        note(trace.end);
    }
}

} // namespace

Lines check_places(const ScheduleTrace& trace, const ScheduleFacts& facts)
{
    Lines wrong;
    std::map<UnitName, Slice> last;
    for (const Slice& slice : trace.slices()) {
        const auto before = last.find(slice.unit);
        if (before != last.end() && before->second.end > slice.begin)
            wrong.push_back(fmt::format("{}: on CPU {} from {} ns on, and until {} ns on CPU {}",
                                        name_of(slice.unit), slice.cpu, slice.begin,
                                        before->second.end, before->second.cpu));
        if (before == last.end() || before->second.end < slice.end)
            last.insert_or_assign(slice.unit, slice);
        const UnitFacts* fact = facts_of(facts, slice.unit);
        if (fact != nullptr && !fact->cpus.empty() && !fact->cpus.contains(slice.cpu))
            wrong.push_back(fmt::format("{}: on CPU {} from {} ns on, which its affinity excludes",
                                        name_of(slice.unit), slice.cpu, slice.begin));
    }
    return wrong;
}

std::map<UnitName, double> fair_shares(const std::map<UnitName, UnitFacts>& units, double total,
                                       double span)
{
    std::map<UnitName, double> shares;
    std::map<UnitName, UnitFacts> open = units;
    // Whoever would get more than it may have leaves with that, until nobody does.
    for (bool someone_left = true; someone_left && !open.empty();) {
        someone_left = false;
        double weights = 0;
        for (const auto& [unit, fact] : open)
            weights += fact.weight;
        const double each = total / weights;
        for (auto next = open.begin(); next != open.end();) {
            const auto& [unit, fact] = *next;
            const double most = fact.cap == 0 ? span : std::min(1.0, fact.cap / 100.0) * span;
            if (each * fact.weight > most) {
                shares[unit] = most;
                total -= most;
                next = open.erase(next);
                someone_left = true;
            } else {
                shares[unit] = each * fact.weight;
                ++next;
            }
        }
    }
    return shares;
}

Lines check_shares(const ScheduleTrace& trace, const ScheduleFacts& facts,
                   const CheckLimits& limits)
{
    Lines wrong;
    const auto slices = trace.slices();
    const auto rests = rests_of(trace);
    std::map<std::set<unsigned>, std::map<UnitName, UnitFacts>> groups;
    for (const auto& [unit, fact] : facts.units)
        if (shares_by_weight(fact) && !rests.contains(unit)) groups[fact.cpus][unit] = fact;
    if (trace.end - trace.begin >= limits.share_span)
        for (const auto& [cpus, group] : groups)
            check_group(trace, group, slices, limits, wrong);
    check_waits(trace, facts, slices, rests, limits, wrong);
    return wrong;
}

Lines check_budgets(const ScheduleTrace& trace, const ScheduleFacts& facts,
                    const CheckLimits& limits)
{
    Lines wrong;
    const auto slices = trace.slices();
    const auto rests = rests_of(trace);
    std::map<UnitName, std::uint64_t> period_began;
    for (const TraceEvent& event : trace.events) {
        const UnitFacts* fact = facts_of(facts, event.unit);
        if (event.event != Event::replenish || event.at < trace.begin || fact == nullptr ||
            fact->policy != Policy::rtds)
            continue;
        const auto before = period_began.find(event.unit);
        if (before != period_began.end()) {
            const auto begin = before->second;
            const auto had = time_between(slices, event.unit, begin, event.at);
            const auto found = rests.find(event.unit);
            const bool rested =
                found != rests.end() && rests_between(found->second, begin, event.at);
            if (!fact->extratime && had > fact->budget + limits.resolution)
                wrong.push_back(fmt::format("{}: ran {} ns in the period from {} ns on, its "
                                            "budget is {} ns",
                                            name_of(event.unit), had, begin, fact->budget));
            // A period that was begun late, after a rest, may be shorter.
            const bool whole = event.at - begin + limits.resolution >= fact->period;
            if (!rested && whole && had + limits.resolution < fact->budget)
                wrong.push_back(fmt::format("{}: missed its deadline at {} ns: ran {} ns of its "
                                            "budget of {} ns",
                                            name_of(event.unit), event.at, had, fact->budget));
        }
        period_began[event.unit] = event.at;
    }
    return wrong;
}

Lines check_windows(const ScheduleTrace& trace, const ScheduleFacts& facts,
                    const CheckLimits& limits)
{
    Lines wrong;
    if (facts.windows.empty()) return wrong;
    std::vector<TraceEvent> borders;
    for (const TraceEvent& event : trace.events)
        if ((event.event == Event::window || event.event == Event::slack) &&
            event.at >= trace.begin)
            borders.push_back(event);
    std::vector<std::uint64_t> starts{0}; // of each window in the frame, and of the slack
    for (const ScheduleWindow& window : facts.windows)
        starts.push_back(starts.back() + window.length);
    const auto count = facts.windows.size();
    const bool has_slack = starts.back() < facts.major_frame;
    const auto index = [&](const TraceEvent& event) {
        return event.event == Event::slack ? count : event.argument;
    };
    const auto slices = trace.slices();
    std::optional<std::uint64_t> frame; // when the first frame that is seen whole began
    for (std::size_t n = 0; n < borders.size(); ++n) {
        const auto here = index(borders[n]);
        if (here > count || (here == count && !has_slack)) {
            wrong.push_back(
                fmt::format("window {} at {} ns: the schedule has {}", here, borders[n].at, count));
            continue;
        }
        if (n > 0) {
            const auto steps = count + (has_slack ? 1 : 0);
            if (here != (index(borders[n - 1]) + 1) % steps)
                wrong.push_back(fmt::format("window {} at {} ns follows window {}", here,
                                            borders[n].at, index(borders[n - 1])));
        }
        if (!frame) frame = borders[n].at - std::min(starts[here], borders[n].at);
        const auto offset = (borders[n].at - *frame) % facts.major_frame;
        const auto late = (offset + facts.major_frame - starts[here]) % facts.major_frame;
        if (std::min(late, facts.major_frame - late) > limits.resolution)
            wrong.push_back(fmt::format("window {} at {} ns: {} ns into its frame, not {}", here,
                                        borders[n].at, offset, starts[here]));
        const auto end = n + 1 < borders.size() ? borders[n + 1].at : trace.end;
        for (const Slice& slice : slices) {
            const UnitFacts* fact = facts_of(facts, slice.unit);
            if (fact == nullptr || fact->policy != Policy::arinc653) continue;
            const auto begin = std::max(slice.begin, borders[n].at);
            const auto until = std::min(slice.end, end);
            const bool may = here < count && slice.unit == facts.windows[here].unit;
            if (begin < until && until - begin > limits.resolution && !may)
                wrong.push_back(fmt::format("{}: ran {} ns in window {} at {} ns, which is not its",
                                            name_of(slice.unit), until - begin, here,
                                            borders[n].at));
        }
    }
    return wrong;
}

Lines check_schedule(const ScheduleTrace& trace, const ScheduleFacts& facts,
                     const CheckLimits& limits)
{
    Lines wrong = check_places(trace, facts);
    for (const auto& check : {check_shares, check_budgets, check_windows})
        for (std::string& line : check(trace, facts, limits))
            wrong.push_back(std::move(line));
    return wrong;
}

} // namespace bulkhead::tool
