#include "bench_chart.hpp"
#include "bench_table.hpp"
#include "failure.hpp"
#include "file_contents.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

class Bench : public testing::Test {
protected:
    std::vector<BudgetRow> rows(const std::string& toml, const std::string& machine = "virt-gicv3")
    {
        const auto file = project.project().root() / "budgets.toml";
        write_file(file, toml);
        return read_budgets(file, machine);
    }
    std::string error(const std::string& toml)
    {
        try {
            (void)rows(toml);
        } catch (const Failure& failure) {
            const std::string text = failure.what();
            return text.substr(text.find("budgets.toml"));
        }
        return "";
    }

    TemporaryProject project;
};

TEST(BenchReport, rows_are_kept_by_name_until_the_guest_is_done)
{
    BenchReport report;
    report.add_line("bench: machine gic=3 cpus=1 frequency=1000000000");
    report.add_line("bench: row=sgi_self samples=200 min=1 avg=2 max=3");
    report.add_line("bench: row=burst_all samples=200 min=1 avg=2 max=3 order=other");
    report.add_line("bench: row=broken samples=200 min=1 avg=x max=3");
    EXPECT_FALSE(report.is_done());
    report.add_line("bench: done");
    EXPECT_TRUE(report.is_done());
    ASSERT_EQ(report.column().size(), 2U);
    EXPECT_EQ(report.column().at("sgi_self"), (Figure{200, 1, 2, 3, ""}));
    EXPECT_EQ(report.column().at("burst_all").remark, "not in priority order");
}

TEST_F(Bench, a_budget_is_the_machines_or_the_one_for_all_or_the_goal)
{
    const std::string toml = "[[row]]\nname = \"a\"\ntitle = \"A\"\ngoal = 100\nvirt-gicv3 = 120\n"
                             "[[row]]\nname = \"b\"\ntitle = \"B\"\ngoal = 100\n"
                             "[[row]]\nname = \"c\"\ntitle = \"C\"\nbudget = 7\nsource = \"size\"\n"
                             "only = [\"virt-gicv3\"]\n";
    const auto v3 = rows(toml);
    EXPECT_EQ(v3.at(0).budget, 120.0);
    EXPECT_EQ(v3.at(0).goal, 100.0);
    EXPECT_EQ(v3.at(1).budget, 100.0);
    EXPECT_EQ(v3.at(2).budget, 7.0);
    const auto v2 = rows(toml, "virt-gicv2");
    EXPECT_EQ(v2.size(), 2U) << "only GICv3 has row c";
    EXPECT_NEAR(*v2.at(0).budget, 110.0, 0.001) << "a GICv2 may cost a tenth more";
}

TEST_F(Bench, a_wrong_budget_is_answered_with_line_and_what_would_be_right)
{
    EXPECT_EQ(error("[[row]]\nname = \"a\"\ntitle = \"A\"\ngaol = 1\n"),
              "budgets.toml:4: unknown key gaol; did you mean \"goal\"?");
    EXPECT_EQ(error("[[row]]\nname = \"a\"\n"), "budgets.toml:1: a row needs a name and a title");
    EXPECT_EQ(error("x = 1\n"), "budgets.toml: has no [[row]]");
}

TEST_F(Bench, excess_names_the_path_and_the_difference)
{
    BenchResult result{
        .machine = "virt-gicv3",
        .emulator = "QEMU",
        .rows = rows("[[row]]\nname = \"a\"\ntitle = \"path A\"\ngoal = 50\nbudget = 60\n"),
        .columns = {}};
    const std::vector<RowSource> guest{RowSource::guest};
    EXPECT_EQ(bench_excess(result, guest), "virt-gicv3: path A: not measured\n");
    Figure& figure = result.columns[Ground::bulkhead]["a"];
    figure = {200, 60, 60, 60, ""};
    EXPECT_EQ(bench_excess(result, guest), "");
    EXPECT_TRUE(bench_table(result).contains("over goal by 10"));
    figure.most = 63;
    EXPECT_EQ(bench_excess(result, guest),
              "virt-gicv3: path A: 63, OVER BUDGET by 3, over goal by 13\n");
    figure = {200, 40, 41, 60, ""};
    EXPECT_EQ(bench_excess(result, guest), "virt-gicv3: path A: 60, over goal by 10, NOT STEADY\n");
    EXPECT_EQ(bench_excess(result, {RowSource::size}), "");
}

TEST_F(Bench, every_ground_is_in_the_table_the_csv_and_the_chart)
{
    const BenchResult result{.machine = "virt-gicv3",
                             .emulator = "QEMU 7",
                             .rows = rows("[[row]]\nname = \"a\"\ntitle = \"path A\"\ngoal = 50\n"),
                             .columns = {{Ground::bare_metal, {{"a", Figure::of(2)}}},
                                         {Ground::bulkhead, {{"a", {200, 43, 44, 45, ""}}}},
                                         {Ground::xen, {{"a", Figure::of(900)}}}}};
    EXPECT_TRUE(bench_table(result).contains(
        "path A           2          45         900       20.0         50         50\n"));
    EXPECT_TRUE(
        bench_csv(result).contains("virt-gicv3,a,instructions,Bulkhead,200,43,44,45,50,50\n"));
    const std::string chart = bench_chart(result);
    for (const char* text : {">path A<", ">2<", ">45<", ">900<", "Xen 4.17", "not cycles"})
        EXPECT_TRUE(chart.contains(text)) << text;
}

} // namespace
} // namespace bulkhead::tool
