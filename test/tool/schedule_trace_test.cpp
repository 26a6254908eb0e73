#include "failure.hpp"
#include "trace_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr UnitName a{1, 0};
constexpr UnitName b{2, 1};

ScheduleTrace read(std::initializer_list<const char*> lines)
{
    TraceReader reader;
    for (const char* line : lines)
        reader.add_line(line);
    EXPECT_TRUE(reader.is_done());
    return reader.trace();
}

TEST(ScheduleTrace, what_the_hypervisor_prints_is_read_in_order_of_time_and_in_nanoseconds)
{
    const auto trace = read({"domain 1 (x) powered off", "trace: 2 CPUs, 500000000 Hz, now 40",
                             "trace: 0 10 1 d1v0 0", "trace: 0 30 2 d1v0 1", "trace: CPU 0 wrote 2",
                             "trace: 1 20 1 d2v1 0", "trace: CPU 1 wrote 1", "trace: end"});
    EXPECT_EQ(trace.cpus, 2U);
    EXPECT_EQ(trace.begin, 20U);
    EXPECT_EQ(trace.end, 80U);
    EXPECT_THAT(trace.events, ElementsAre(TraceEvent{20, 0, Event::run, a, 0},
                                          TraceEvent{40, 1, Event::run, b, 0},
                                          TraceEvent{60, 0, Event::stop, a, 1}));
    EXPECT_THAT(trace.slices(), ElementsAre(Slice{a, 0, 20, 60}, Slice{b, 1, 40, 80}));
}

TEST(ScheduleTrace, it_begins_where_the_records_of_all_cpus_do)
{
    const auto trace = read({"trace: 2 CPUs, 1000000000 Hz, now 100", "trace: 0 10 1 d1v0 0",
                             "trace: CPU 0 wrote 1", "trace: 1 50 4 d2v1 1", "trace: 1 60 2 d2v1 0",
                             "trace: CPU 1 wrote 3000", "trace: end"});
    EXPECT_EQ(trace.begin, 50U);
    // Who stops had the CPU from where its records begin.
    EXPECT_THAT(trace.slices(), ElementsAre(Slice{a, 0, 50, 100}, Slice{b, 1, 50, 60}));
}

TEST(ScheduleTrace, a_damaged_line_is_named)
{
    for (const char* line : {"trace: 0 10 1 d1v0", "trace: 2 10 1 d1v0 0", "trace: 0 10 77 d1v0 0",
                             "trace: CPU 7 wrote 3"}) {
        TraceReader reader;
        reader.add_line("trace: 2 CPUs, 1000000000 Hz, now 100");
        EXPECT_THROW(reader.add_line(line), Failure) << line;
    }
}

TEST(ScheduleTrace, a_trace_that_was_interrupted_is_none)
{
    TraceReader reader;
    reader.add_line("trace: 0 10 1 d1v0 0"); // its header was not seen
    reader.add_line("trace: end");
    EXPECT_FALSE(reader.is_done());
    reader.add_line("trace: 1 CPUs, 1000000000 Hz, now 100");
    EXPECT_FALSE(reader.is_done());
}

TraceFile file()
{
    return {.trace = {.cpus = 2,
                      .begin = 0,
                      .end = 5000,
                      .events = {{1000, 0, Event::run, a, 0},
                                 {2000, 1, Event::wake, b, 1},
                                 {3000, 0, Event::stop, a, 1}}},
            .facts = {.units = {{a,
                                 {.policy = Policy::rtds,
                                  .cpus = {0},
                                  .period = 7,
                                  .budget = 3,
                                  .extratime = true}}},
                      .windows = {{b, 9}},
                      .major_frame = 11},
            .domains = {"rtos"}};
}

TEST(ScheduleTrace, its_json_shows_bars_for_cpus_and_vcpus_and_marks_for_the_rest)
{
    const std::string json = trace_to_json(file());
    EXPECT_THAT(json, HasSubstr(R"("dur":2.0,"name":"rtos v0","ph":"X","pid":0,"tid":0,"ts":1.0)"));
    EXPECT_THAT(json, HasSubstr(R"("dur":2.0,"name":"CPU 0","ph":"X","pid":1,"tid":0,"ts":1.0)"));
    EXPECT_THAT(json, HasSubstr(R"("name":"wake d2v1","ph":"i")"));
}

TEST(ScheduleTrace, all_of_it_comes_back_from_its_json)
{
    const TraceFile back = trace_from_json(trace_to_json(file()));
    EXPECT_EQ(back.trace.events, file().trace.events);
    EXPECT_EQ(back.trace.end, 5000U);
    EXPECT_EQ(back.domains, file().domains);
    EXPECT_EQ(trace_to_json(back), trace_to_json(file()));
    EXPECT_THROW((void)trace_from_json("{}"), Failure);
    EXPECT_THROW((void)trace_from_json("no json"), Failure);
}

} // namespace
} // namespace bulkhead::tool
