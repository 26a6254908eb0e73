#include "schedule_checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr UnitName a{1, 0};
constexpr UnitName b{2, 0};
constexpr std::uint64_t ms = 1'000'000;

/// A trace of one second on two CPUs, made of slices.
class World {
public:
    void ran(UnitName unit, unsigned cpu, std::uint64_t begin, std::uint64_t end,
             Stop why = Stop::preempted)
    {
        at(begin, cpu, Event::run, unit);
        at(end, cpu, Event::stop, unit, static_cast<std::uint32_t>(why));
    }
    void at(std::uint64_t time, unsigned cpu, Event event, UnitName unit = {},
            std::uint32_t argument = 0)
    {
        trace.events.push_back({time, cpu, event, unit, argument});
    }
    /// With the events in the order of time.
    ScheduleTrace sorted()
    {
        std::ranges::sort(trace.events, {}, [](const TraceEvent& event) {
            return std::pair{event.at, event.event != Event::stop};
        });
        return trace;
    }
    ScheduleTrace trace{.cpus = 2, .begin = 0, .end = 1000 * ms};
};

TEST(ScheduleChecks, a_unit_on_two_cpus_at_once_is_found)
{
    World world;
    world.ran(a, 0, 0, 10 * ms);
    world.ran(a, 1, 10 * ms, 20 * ms);
    EXPECT_THAT(check_places(world.sorted(), {}), IsEmpty());
    world.ran(a, 0, 19 * ms, 21 * ms);
    EXPECT_THAT(check_places(world.sorted(), {}),
                ElementsAre("d1v0: on CPU 0 from 19000000 ns on, and until 20000000 ns on CPU 1"));
}

TEST(ScheduleChecks, a_unit_off_its_affinity_is_found)
{
    World world;
    world.ran(a, 1, 0, ms);
    EXPECT_THAT(check_places(world.sorted(), {.units = {{a, {.cpus = {0, 1}}}}}), IsEmpty());
    EXPECT_THAT(check_places(world.sorted(), {.units = {{a, {.cpus = {0}}}}}),
                ElementsAre("d1v0: on CPU 1 from 0 ns on, which its affinity excludes"));
}

/// Takes turns of `first` and `second` ms on CPU 0 for a second.
World turns(std::uint64_t first, std::uint64_t second)
{
    World world;
    for (std::uint64_t begin = 0; begin < 1000; begin += first + second) {
        world.ran(a, 0, begin * ms, (begin + first) * ms);
        world.ran(b, 0, (begin + first) * ms, (begin + first + second) * ms);
    }
    world.at(0, 0, Event::wake, b);
    return world;
}

TEST(ScheduleChecks, shares_are_by_weight_to_two_per_cent)
{
    const ScheduleFacts equal{.units = {{a, {.policy = Policy::credit2, .cpus = {0}}},
                                        {b, {.policy = Policy::credit2, .cpus = {0}}}}};
    EXPECT_THAT(check_shares(turns(10, 10).sorted(), equal, {}), IsEmpty());
    EXPECT_THAT(check_shares(turns(11, 9).sorted(), equal, {}),
                ElementsAre(HasSubstr("d1v0: ran 550.000 ms"), HasSubstr("d2v0: ran 450.000 ms")));
    ScheduleFacts weighted = equal;
    weighted.units[a].weight = 768;
    EXPECT_THAT(check_shares(turns(15, 5).sorted(), weighted, {}), IsEmpty());
    EXPECT_THAT(check_shares(turns(10, 10).sorted(), weighted, {}), Not(IsEmpty()));
}

TEST(ScheduleChecks, a_unit_that_slept_is_not_promised_its_share)
{
    World world = turns(15, 5);
    world.ran(b, 1, 999 * ms, 999 * ms + 1, Stop::blocked);
    const ScheduleFacts equal{.units = {{a, {.policy = Policy::credit2, .cpus = {0}}},
                                        {b, {.policy = Policy::credit2, .cpus = {0}}}}};
    EXPECT_THAT(check_shares(world.sorted(), equal, {}), Not(Contains(HasSubstr("d2v0"))));
}

TEST(ScheduleChecks, who_waits_or_runs_where_the_records_begin_is_promised_its_share)
{
    // As from rings that were full: a runs at the beginning, b waits, and nobody was woken.
    World world = turns(11, 9);
    std::erase_if(world.trace.events, [](const TraceEvent& event) { return event.at < 5 * ms; });
    world.trace.begin = 5 * ms;
    world.trace.end = 1020 * ms;
    world.ran(a, 0, 1000 * ms, 1011 * ms);
    world.ran(b, 0, 1011 * ms, 1020 * ms);
    world.at(5 * ms, 0, Event::replenish, {3, 0}); // the first record that is left
    const ScheduleFacts equal{.units = {{a, {.policy = Policy::credit2, .cpus = {0}}},
                                        {b, {.policy = Policy::credit2, .cpus = {0}}}}};
    EXPECT_EQ(check_shares(world.sorted(), equal, {}).size(), 2U);
}

TEST(ScheduleChecks, what_a_cap_or_a_whole_cpu_leaves_goes_to_the_others)
{
    const auto shares = fair_shares(
        {{a, {.weight = 900}}, {b, {.weight = 100}}, {{3, 0}, {.weight = 300, .cap = 10}}}, 200,
        100);
    EXPECT_DOUBLE_EQ(shares.at(a), 100);
    EXPECT_DOUBLE_EQ(shares.at({3, 0}), 10);
    EXPECT_DOUBLE_EQ(shares.at(b), 90);
}

TEST(ScheduleChecks, the_units_of_a_domain_share_its_cap_and_under_credit_its_weight)
{
    constexpr UnitName other{1, 1};
    const auto share_of_b = [&](Policy policy) {
        return fair_shares(
                   {{a, {.policy = policy}}, {other, {.policy = policy}}, {b, {.policy = policy}}},
                   90, 100)
            .at(b);
    };
    EXPECT_DOUBLE_EQ(share_of_b(Policy::credit), 45);
    EXPECT_DOUBLE_EQ(share_of_b(Policy::credit2), 30);
    const UnitFacts capped{.policy = Policy::credit2, .cap = 50};
    const ScheduleFacts facts{.units = {{a, capped}, {other, capped}}};
    World world;
    world.ran(a, 0, 0, 300 * ms, Stop::blocked);
    world.ran(other, 1, 0, 200 * ms);
    EXPECT_THAT(check_shares(world.sorted(), facts, {}), IsEmpty());
    world.ran(other, 1, 300 * ms, 340 * ms, Stop::blocked);
    EXPECT_THAT(check_shares(world.sorted(), facts, {}),
                ElementsAre(HasSubstr("domain 1: ran 540000000 ns")));
}

TEST(ScheduleChecks, a_unit_that_may_run_and_does_not_for_long_is_found)
{
    World world;
    world.at(100 * ms, 0, Event::wake, a);
    world.ran(a, 0, 400 * ms, 401 * ms, Stop::blocked);
    const ScheduleFacts facts{.units = {{a, {.policy = Policy::credit}}}};
    EXPECT_THAT(check_shares(world.sorted(), facts, {.longest_wait = 500 * ms}), IsEmpty());
    world.at(401 * ms, 0, Event::wake, a);
    EXPECT_THAT(check_shares(world.sorted(), facts, {.longest_wait = 500 * ms}),
                ElementsAre("d1v0: could run from 401.000 ms on, and waited 599.000 ms"));
}

const ScheduleFacts real_time{
    .units = {{a, {.policy = Policy::rtds, .period = 10 * ms, .budget = 4 * ms}}}};

World periods(std::uint64_t had)
{
    World world;
    for (std::uint64_t begin = 0; begin < 50 * ms; begin += 10 * ms) {
        world.at(begin, 0, Event::replenish, a, 4000);
        world.ran(a, 0, begin, begin + had);
    }
    return world;
}

TEST(ScheduleChecks, a_budget_is_neither_exceeded_nor_missed_by_the_deadline)
{
    EXPECT_THAT(check_budgets(periods(4 * ms).sorted(), real_time, {}), IsEmpty());
    EXPECT_THAT(check_budgets(periods(4 * ms + 60'000).sorted(), real_time, {}),
                Each(HasSubstr("ran 4060000 ns in the period")));
    EXPECT_THAT(check_budgets(periods(3 * ms).sorted(), real_time, {}),
                Each(HasSubstr("missed its deadline")));
    EXPECT_EQ(check_budgets(periods(3 * ms).sorted(), real_time, {}).size(), 4U);
}

World frames(std::uint64_t late)
{
    World world;
    for (std::uint64_t begin = 0; begin < 50 * ms; begin += 10 * ms) {
        const auto second = begin + 3 * ms + (begin == 20 * ms ? late : 0);
        world.at(begin, 0, Event::window, a, 0);
        world.ran(a, 0, begin, second);
        world.at(second, 0, Event::window, b, 1);
        world.ran(b, 0, second, begin + 8 * ms);
        world.at(begin + 8 * ms, 0, Event::slack);
    }
    return world;
}

TEST(ScheduleChecks, windows_come_on_time_in_order_and_belong_to_their_unit)
{
    const ScheduleFacts facts{
        .units = {{a, {.policy = Policy::arinc653}}, {b, {.policy = Policy::arinc653}}},
        .windows = {{a, 3 * ms}, {b, 5 * ms}},
        .major_frame = 10 * ms};
    EXPECT_THAT(check_windows(frames(0).sorted(), facts, {}), IsEmpty());
    EXPECT_THAT(check_windows(frames(ms).sorted(), facts, {}),
                ElementsAre("window 1 at 24000000 ns: 4000000 ns into its frame, not 3000000"));
    World late_start = frames(0);
    late_start.trace.events.front().at = ms;
    EXPECT_THAT(check_windows(late_start.sorted(), facts, {}), IsEmpty())
        << "the first window was seen in its middle";
    World intruder = frames(0);
    intruder.ran(b, 1, 1 * ms, 2 * ms);
    intruder.ran(a, 1, 9 * ms, 9 * ms + 100'000);
    EXPECT_THAT(check_windows(intruder.sorted(), facts, {}),
                ElementsAre(HasSubstr("d2v0: ran 1000000 ns in window 0"),
                            HasSubstr("d1v0: ran 100000 ns in window 2")));
    World robbed = frames(0);
    std::erase_if(robbed.trace.events,
                  [](const TraceEvent& event) { return event.at == 3 * ms && event.unit == b; });
    robbed.at(3 * ms, 0, Event::window, b, 1);
    EXPECT_THAT(check_windows(robbed.sorted(), facts, {}),
                Contains(HasSubstr("d2v0: ran 0 ns of the 5000000 that it wanted")));
    World skipped = frames(0);
    std::erase_if(skipped.trace.events, [](const TraceEvent& event) {
        return event.event == Event::window && event.argument == 1 && event.at < 10 * ms;
    });
    EXPECT_THAT(check_windows(skipped.sorted(), facts, {}),
                Contains(HasSubstr("window 2 at 8000000 ns follows window 0")));
}

} // namespace
} // namespace bulkhead::tool
