#include "demo_observer.hpp"
#include "demo_report.hpp"
#include "description_reader.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace bulkhead::tool {
namespace {

using std::chrono::milliseconds;

constexpr const char* toml = R"([machine]
name = "zcu102"
memory = "2 GiB"
[[domain]]
name = "linux"
kernel = "debian:linux"
memory = "512 MiB"
cpus = [1, 2]
[[domain]]
name = "latency"
kernel = "guest:latency"
memory = "16 MiB"
cpus = [3]
)";

SystemDescription described()
{
    Problems problems;
    return read_description(toml, "demo.toml", {}, problems);
}

/// Everything a demo shows, a line per 100 ms.
const std::vector<std::string> whole_demo{
    "(XEN) Bulkhead",
    "(XEN) boot: first domain after 12345 us",
    "(XEN) DOM2: latency: samples=1000 min=1000 avg=2000 max=30000 unit=ns frequency=62500000",
    "(XEN) DOM2: latency: bucket from=1000 to=2000 count=1000",
    "(XEN) DOM2: latency: done",
    "(XEN) DOM1: Booting Linux",
    "(XEN) DOM1: shell: Linux 6.1, CPUs 0-1 online, 480 MiB of memory",
    "(XEN) DOM1: [    4.5] reboot: Power down",
};

/// The observer after all lines but the one at `left_out`; whether it was satisfied at the end.
bool see_all_but(DemoObserver& observer, std::size_t left_out)
{
    bool satisfied = false;
    for (std::size_t index = 0; index < whole_demo.size(); ++index)
        if (index != left_out)
            satisfied = observer.see(parse_console_line(whole_demo[index]),
                                     milliseconds{100 * (index + 1)});
    return satisfied;
}

TEST(DemoObserver, is_satisfied_by_the_last_thing_it_waits_for_and_not_before)
{
    DemoObserver observer{described()};
    for (std::size_t index = 0; index < whole_demo.size(); ++index)
        EXPECT_EQ(observer.see(parse_console_line(whole_demo[index]), milliseconds{0}),
                  index + 1 == whole_demo.size())
            << whole_demo[index];
}

TEST(DemoObserver, says_what_is_missing)
{
    const std::vector<std::pair<std::size_t, std::string>> missing{
        {1, "the hypervisor did not say \"boot: first domain after\""},
        {2, "the latency guest finished without its numbers (summary and histogram)"},
        {3, "the latency guest finished without its numbers (summary and histogram)"},
        {4, "the latency guest did not finish"},
        {6, "linux did not reach its shell"},
        {7, "linux did not power off"}};
    for (const auto& [line, text] : missing) {
        DemoObserver observer{described()};
        EXPECT_FALSE(see_all_but(observer, line));
        EXPECT_EQ(observer.missing(), std::vector<std::string>{text});
    }
}

TEST(DemoObserver, one_domain_cannot_speak_for_another)
{
    DemoObserver observer{described()};
    observer.see(parse_console_line("(XEN) DOM2: shell: not Linux"), {});
    observer.see(parse_console_line("(XEN) DOM1: latency: done"), {});
    observer.see(parse_console_line("(XEN) DOM1: boot: first domain after 1 us"), {});
    observer.see(parse_console_line("(XEN) DOM7: of no known domain"), {});
    EXPECT_EQ(observer.missing().size(), 3U);
}

class DemoReport : public testing::Test {
protected:
    DemoReport() { see_all_but(observer, whole_demo.size()); }

    TemporaryProject project;
    SystemPlan plan{
        described(),
        {.title = "zcu102", .ram = {{0, 2ULL << 30U}}, .cpus = 4, .gic = 2, .reserved = {}},
        {},
        {},
        {}};
    DemoObserver observer{described()};
    LatencyReport::Summary instructions{500, 180, 181, 190, "ns", 1'000'000'000};
};

TEST_F(DemoReport, the_table_says_what_ran_when_and_how_fast)
{
    EXPECT_EQ(demo_table({plan, observer, "QEMU 7.2.22", instructions}),
              R"(What ran
  machine   zcu102 (QEMU 7.2.22): 4 CPUs, GICv2, 2 GiB
  linux     debian:linux, 2 vCPUs on CPUs 1 and 2, 512 MiB
  latency   guest:latency, 1 vCPU on CPU 3, 16 MiB
  linux     says: Linux 6.1, CPUs 0-1 online, 480 MiB of memory
Boot times, from the hypervisor's first line, by this computer's clock
  bulkhead  entry to first domain 12.345 ms, by its own clock
  linux     first line 0.5 s, shell 0.6 s, powered off 0.7 s
  latency   first line 0.2 s
Latency, from the virtual timer's expiry to the guest's handler
                                    min      avg      max
  this run, ns                     1000     2000    30000   1000 samples; emulated, with this computer's noise
  GICv3, instructions               180      181      190   budget 200: kept
  Instructions are from a second, deterministic run on virt, the same every time. QEMU counts
  instructions, not cycles. The same figure of others: Xen 4.22 1023, Bao 203, bare metal 4.
)");
}

TEST_F(DemoReport, a_budget_that_is_exceeded_is_said)
{
    instructions.most = 201;
    EXPECT_TRUE(
        demo_table({plan, observer, "QEMU", instructions}).contains("budget 200: exceeded"));
}

TEST_F(DemoReport, the_figures_are_there_for_programs)
{
    const auto json = nlohmann::json::parse(demo_json({plan, observer, "QEMU", instructions}));
    EXPECT_EQ(json["machine"]["name"], "zcu102");
    EXPECT_EQ(json["entry_to_first_domain_us"], 12345);
    EXPECT_EQ(json["linux"][0]["shell_ms"], 700);
    EXPECT_EQ(json["latency"]["avg"], 2000);
    EXPECT_EQ(json["latency"]["buckets"][0]["count"], 1000);
    EXPECT_EQ(json["latency_instructions"]["max"], 190);
    EXPECT_EQ(json["latency_instructions"]["unit"], "instructions");
}

} // namespace
} // namespace bulkhead::tool
