#include "latency_report.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

TEST(LatencyReport, is_complete_with_summary_histogram_and_end)
{
    LatencyReport report;
    report.add_line("latency: Bulkhead's real-time guest, GICv3, virtual timer");
    report.add_line("latency: phase=wfi samples=500 min=1 avg=2 max=3");
    report.add_line("latency: samples=1000 min=4 avg=5 max=90 unit=ns frequency=1000000000");
    report.add_line("latency: bucket from=4 to=7 count=990");
    EXPECT_FALSE(report.is_complete());
    report.add_line("latency: done");
    ASSERT_TRUE(report.is_complete());
    EXPECT_EQ(report.summary()->samples, 1000U);
    EXPECT_EQ(report.summary()->least, 4U);
    EXPECT_EQ(report.summary()->average, 5U);
    EXPECT_EQ(report.summary()->most, 90U);
    EXPECT_EQ(report.summary()->unit, "ns");
    EXPECT_EQ(report.summary()->frequency, 1'000'000'000U);
    ASSERT_EQ(report.buckets().size(), 1U);
    EXPECT_EQ(report.buckets()[0].count, 990U);
}

TEST(LatencyReport, an_end_without_numbers_is_not_complete)
{
    LatencyReport report;
    report.add_line("latency: done");
    EXPECT_TRUE(report.is_done());
    EXPECT_FALSE(report.is_complete());
}

TEST(LatencyReport, broken_numbers_are_no_numbers)
{
    LatencyReport report;
    report.add_line("latency: samples=1000 min=4 avg=x max=9 unit=ns frequency=1");
    report.add_line("latency: samples=1000 min=4 avg=5 unit=ns frequency=1");
    report.add_line("latency: bucket from=4 to=");
    report.add_line("samples=1000 min=4 avg=5 max=9 unit=ns frequency=1");
    EXPECT_FALSE(report.summary());
    EXPECT_TRUE(report.buckets().empty());
}

} // namespace
} // namespace bulkhead::tool
