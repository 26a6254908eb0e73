#include "schedule_checks.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace bulkhead::tool {
namespace {

using Lines = std::vector<std::string>;

double in_milliseconds(double nanoseconds) { return nanoseconds / 1e6; }

bool shares_by_weight(const UnitFacts& unit)
{
    return unit.policy == Policy::credit || unit.policy == Policy::credit2;
}

/// A time in which a unit ran, or in which it did not want to.
struct Span {
    std::uint64_t begin;
    std::uint64_t end;
};

/// How much of the spans, which are in order and do not overlap, is between two times.
std::uint64_t time_between(const std::vector<Span>& spans, std::uint64_t begin, std::uint64_t end)
{
    std::uint64_t sum = 0;
    auto span = std::ranges::upper_bound(spans, begin, {}, &Span::end);
    for (; span != spans.end() && span->begin < end; ++span)
        sum += std::min(span->end, end) - std::max(span->begin, begin);
    return sum;
}

/// What each unit did. One without a record never wanted a CPU.
class History {
public:
    explicit History(const ScheduleTrace& trace)
    {
        for (const Slice& slice : trace.slices())
            ran_[slice.unit].push_back({slice.begin, slice.end});
        add_rests(trace);
    }
    /// How long it had a CPU.
    [[nodiscard]] std::uint64_t had(UnitName unit, std::uint64_t begin, std::uint64_t end) const
    {
        return time_between(ran(unit), begin, end);
    }
    /// How long it did not want one.
    [[nodiscard]] std::uint64_t rested(UnitName unit, std::uint64_t begin, std::uint64_t end) const
    {
        const auto found = rests_.find(unit);
        return found == rests_.end() ? end - begin : time_between(found->second, begin, end);
    }
    [[nodiscard]] const std::vector<Span>& ran(UnitName unit) const
    {
        static const std::vector<Span> never;
        const auto found = ran_.find(unit);
        return found == ran_.end() ? never : found->second;
    }

private:
    /// Before its first record it rested if that is a wake; else it could run.
    void add_rests(const ScheduleTrace& trace)
    {
        struct Unit {
            std::uint64_t first; // record
            std::optional<std::uint64_t> rests_since;
        };
        std::map<UnitName, Unit> units;
        for (const TraceEvent& event : trace.events) {
            const bool goes = event.event == Event::stop &&
                              event.argument != static_cast<std::uint32_t>(Stop::preempted);
            const bool comes = event.event == Event::run || event.event == Event::wake ||
                               (event.event == Event::stop && !goes);
            if (!goes && !comes) continue;
            auto& [first, begin] = units.try_emplace(event.unit, event.at).first->second;
            // Another CPU's record of the same time may be before it.
            if (event.event == Event::wake && event.at == first) begin = trace.begin;
            if (comes && begin) {
                if (*begin < event.at) rests_[event.unit].push_back({*begin, event.at});
                begin.reset();
            }
            if (goes) begin = event.at;
        }
        for (const auto& [name, unit] : units) {
            auto& rests = rests_[name];
            if (unit.rests_since && *unit.rests_since < trace.end)
                rests.push_back({*unit.rests_since, trace.end});
        }
    }

    std::map<UnitName, std::vector<Span>> ran_;
    std::map<UnitName, std::vector<Span>> rests_;
};

const UnitFacts* facts_of(const ScheduleFacts& facts, UnitName unit)
{
    const auto found = facts.units.find(unit);
    return found == facts.units.end() ? nullptr : &found->second;
}

void check_group(const ScheduleTrace& trace, const std::map<UnitName, UnitFacts>& group,
                 const History& history, const CheckLimits& limits, Lines& wrong)
{
    const auto span = static_cast<double>(trace.end - trace.begin);
    std::map<UnitName, double> had;
    double total = 0;
    for (const auto& [unit, unused] : group)
        total += had[unit] = static_cast<double>(history.had(unit, trace.begin, trace.end));
    for (const auto& [unit, share] : fair_shares(group, total, span))
        if (std::abs(had[unit] - share) >
            std::max(limits.share * share, static_cast<double>(limits.slice)))
            wrong.push_back(fmt::format(
                "{}: ran {:.3f} ms of {:.3f}, its weight ({}) and cap ({}) among {} give it {:.3f}",
                name_of(unit), in_milliseconds(had[unit]), in_milliseconds(span),
                group.at(unit).weight, group.at(unit).cap, group.size(), in_milliseconds(share)));
}

/// Among those that may run on the same CPUs and wanted to all the time.
void check_weights(const ScheduleTrace& trace, const ScheduleFacts& facts, const History& history,
                   const CheckLimits& limits, Lines& wrong)
{
    if (trace.end - trace.begin < limits.share_span) return;
    const auto rests = [&](UnitName unit) {
        return history.rested(unit, trace.begin, trace.end) != 0;
    };
    std::map<std::set<unsigned>, std::map<UnitName, UnitFacts>> groups;
    for (const auto& [unit, fact] : facts.units) {
        // What its domain has for all would not be shared evenly.
        const bool shares = fact.policy == Policy::credit || fact.cap != 0;
        const bool is_even = !shares || std::ranges::none_of(facts.units, [&](const auto& other) {
            return other.first.domain == unit.domain && rests(other.first);
        });
        if (shares_by_weight(fact) && !rests(unit) && is_even) groups[fact.cpus][unit] = fact;
    }
    for (const auto& [cpus, group] : groups)
        check_group(trace, group, history, limits, wrong);
}

void check_caps(const ScheduleTrace& trace, const ScheduleFacts& facts, const History& history,
                const CheckLimits& limits, Lines& wrong)
{
    for (auto end = trace.begin + limits.share_span; end <= trace.end; end += limits.share_span) {
        const auto begin = end - limits.share_span;
        std::map<std::uint16_t, std::uint64_t> had;
        for (const auto& [unit, fact] : facts.units)
            if (shares_by_weight(fact)) had[unit.domain] += history.had(unit, begin, end);
        for (const auto& [unit, fact] : facts.units) {
            const auto most = (limits.share_span + limits.cap_periods) * fact.cap / 100;
            const auto ran = std::exchange(had[unit.domain], 0);
            if (fact.cap != 0 && ran > most + limits.resolution)
                wrong.push_back(
                    fmt::format("domain {}: ran {} ns in the {} from {} ns on, its cap is {} %",
                                unit.domain, ran, limits.share_span, begin, fact.cap));
        }
    }
}

void check_waits(const ScheduleTrace& trace, const ScheduleFacts& facts, const History& history,
                 const CheckLimits& limits, Lines& wrong)
{
    for (const auto& [unit, fact] : facts.units) {
        if (!shares_by_weight(fact)) continue;
        std::uint64_t since = trace.begin;
        const auto note = [&](std::uint64_t until) {
            if (until > since && until - since > limits.longest_wait &&
                history.rested(unit, since, until) == 0)
                wrong.push_back(fmt::format("{}: could run from {:.3f} ms on, and waited {:.3f} ms",
                                            name_of(unit),
                                            in_milliseconds(static_cast<double>(since)),
                                            in_milliseconds(static_cast<double>(until - since))));
        };
        for (const Span& span : history.ran(unit)) {
            note(span.begin);
            since = std::max(since, span.end);
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
    std::map<std::uint16_t, unsigned> units_of;
    for (const auto& [unit, unused] : units)
        ++units_of[unit.domain];
    struct Claim {
        double weight;
        double most;
    };
    std::map<UnitName, Claim> open;
    for (const auto& [unit, fact] : units) {
        const double count = units_of[unit.domain];
        open[unit] = {.weight = fact.policy == Policy::credit ? fact.weight / count : fact.weight,
                      .most =
                          fact.cap == 0 ? span : std::min(1.0, fact.cap / 100.0 / count) * span};
    }
    std::map<UnitName, double> shares;
    // Whoever would get more than it may have leaves with that, until nobody does.
    for (bool someone_left = true; someone_left && !open.empty();) {
        someone_left = false;
        double weights = 0;
        for (const auto& [unit, claim] : open)
            weights += claim.weight;
        const double each = total / weights;
        for (auto next = open.begin(); next != open.end();) {
            const auto& [unit, claim] = *next;
            if (each * claim.weight > claim.most) {
                shares[unit] = claim.most;
                total -= claim.most;
                next = open.erase(next);
                someone_left = true;
            } else {
                shares[unit] = each * claim.weight;
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
    const History history{trace};
    check_weights(trace, facts, history, limits, wrong);
    check_caps(trace, facts, history, limits, wrong);
    check_waits(trace, facts, history, limits, wrong);
    return wrong;
}

Lines check_budgets(const ScheduleTrace& trace, const ScheduleFacts& facts,
                    const CheckLimits& limits)
{
    Lines wrong;
    const History history{trace};
    std::map<UnitName, std::uint64_t> period_began;
    for (const TraceEvent& event : trace.events) {
        const UnitFacts* fact = facts_of(facts, event.unit);
        if (event.event != Event::replenish || event.at < trace.begin || fact == nullptr ||
            fact->policy != Policy::rtds)
            continue;
        const auto before = period_began.find(event.unit);
        if (before != period_began.end()) {
            const auto begin = before->second;
            const auto had = history.had(event.unit, begin, event.at);
            const bool rested = history.rested(event.unit, begin, event.at) != 0;
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
    const History history{trace};
    // When a frame began, by the second border: the first is seen when its CPU first looks.
    const bool has_frame = borders.size() > 1 && index(borders[1]) <= count;
    const auto frame =
        has_frame ? borders[1].at + facts.major_frame - starts[index(borders[1])] : 0;
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
        const auto offset =
            (borders[n].at + facts.major_frame - frame % facts.major_frame) % facts.major_frame;
        const auto late = (offset + facts.major_frame - starts[here]) % facts.major_frame;
        if (n > 0 && std::min(late, facts.major_frame - late) > limits.resolution)
            wrong.push_back(fmt::format("window {} at {} ns: {} ns into its frame, not {}", here,
                                        borders[n].at, offset, starts[here]));
        const auto end = n + 1 < borders.size() ? borders[n + 1].at : trace.end;
        for (const auto& [unit, fact] : facts.units) {
            if (fact.policy != Policy::arinc653) continue;
            const auto begin = borders[n].at;
            const auto had = history.had(unit, begin, end);
            const bool may = here < count && unit == facts.windows[here].unit;
            if (!may && had > limits.resolution)
                wrong.push_back(fmt::format("{}: ran {} ns in window {} at {} ns, which is not its",
                                            name_of(unit), had, here, begin));
            const auto wanted = end - begin - history.rested(unit, begin, end);
            if (may && had + limits.resolution < wanted)
                wrong.push_back(fmt::format("{}: ran {} ns of the {} that it wanted of its window "
                                            "{} at {} ns",
                                            name_of(unit), had, wanted, here, begin));
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
