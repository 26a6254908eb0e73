#include "latency_bench.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

LatencyPanel panel()
{
    return {"beside <nobody>",
            {{.setup = {.scheduler = "null"}, .figures = LatencyFigures{43, 44, 45, 460}},
             {.setup = {.scheduler = "rtds"}, .remark = "has no such scheduler"},
             {.setup = {.scheduler = "rtds", .vwfi = "trap"}, .remark = "has no such scheduler"},
             {.setup = {.ground = Ground::xen, .scheduler = "credit2", .vwfi = "trap"},
              .figures = LatencyFigures{904, 1071, 3796, 3797}}}};
}

TEST(LatencyBench, the_table_has_four_figures_a_row_and_says_once_what_is_missing_and_why)
{
    const std::string table = latency_table({panel()});
    EXPECT_THAT(table, HasSubstr("Bulkhead null"));
    EXPECT_THAT(table, HasSubstr("43       44        45      460\n"));
    EXPECT_THAT(table, HasSubstr("Xen 4.17 credit2, vwfi=trap"));
    EXPECT_THAT(table, HasSubstr("  Bulkhead has no such scheduler: rtds\n"));
    EXPECT_THAT(table, HasSubstr("instructions,\nnot cycles"));
}

TEST(LatencyBench, the_csv_has_a_line_for_every_row_those_without_figures_included)
{
    const std::string csv = latency_csv({panel()});
    EXPECT_EQ(std::ranges::count(csv, '\n'), 5);
    EXPECT_THAT(csv, HasSubstr("Bulkhead,null,no,native,nobody,1,43,44,45,460,\n"));
    EXPECT_THAT(csv, HasSubstr("Bulkhead,rtds,no,trap,nobody,1,,,,,has no such scheduler\n"));
}

TEST(LatencyBench, the_chart_has_four_bars_a_row_and_the_missing_as_text)
{
    const std::string svg = latency_chart({panel()});
    const auto bars_of = [&](const std::string& colour) {
        std::size_t count = 0;
        for (auto at = svg.find(colour); at != std::string::npos; at = svg.find(colour, at + 1))
            ++count;
        return count;
    };
    constexpr std::size_t in_legend = 4;
    EXPECT_EQ(bars_of("fill=\"#0b6e4f\""), 4 + in_legend);
    EXPECT_EQ(bars_of("fill=\"#c0532f\""), 4 + in_legend);
    EXPECT_THAT(svg, HasSubstr("beside &lt;nobody>"));
    EXPECT_THAT(svg, HasSubstr(">Bulkhead has no such scheduler: rtds<"));
    EXPECT_THAT(svg, HasSubstr(">460<"));
    EXPECT_THAT(svg, HasSubstr("not cycles"));
}

TEST(LatencyBench, nothing_without_cpus_for_all_is_asked_of_null_and_nothing_with_two_of_xen)
{
    for (const LatencyPanel& panel : latency_panels(true))
        for (const LatencyRow& row : panel.rows) {
            if (row.setup.scheduler == "null") EXPECT_FALSE(row.setup.shares_cpu) << panel.title;
            if (row.setup.ground == Ground::xen) EXPECT_EQ(row.setup.cpus(), 1U) << panel.title;
        }
    EXPECT_LT(latency_panels(false).size(), latency_panels(true).size());
}

} // namespace
} // namespace bulkhead::tool
