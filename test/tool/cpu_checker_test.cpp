#include "schedule_facts.hpp"
#include "system_tree.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

/// [[pool]] sections from line 3 on, then domains, each of five lines and one for each of `more`.
class CpuChecker : public testing::Test {
protected:
    void SetUp() override { project.add_file("Image", arm64_image(1U << 20U)); }

    static std::string machine(const std::string& bootargs = "sched=null")
    {
        return "[machine]\nname = \"virt\"\nbootargs = \"" + bootargs + "\"\n";
    }
    static std::string domain(const std::string& name, const std::string& more = {})
    {
        return "[[domain]]\nname = \"" + name + "\"\nkernel = \"Image\"\nmemory = \"16 MiB\"\n" +
               more;
    }
    static std::string pool(const std::string& name, const std::string& scheduler,
                            const std::string& more)
    {
        return "[[pool]]\nname = \"" + name + "\"\nscheduler = \"" + scheduler + "\"\n" + more;
    }
    static std::string window(const std::string& name, const std::string& more)
    {
        return "[[pool.window]]\ndomain = \"" + name + "\"\n" + more;
    }
    std::string said(const std::string& toml) { return project.problems_of(machine() + toml); }

    TemporaryProject project;
};

TEST_F(CpuChecker, pools_side_by_side_have_no_problem)
{
    EXPECT_EQ(said(pool("rt", "null", "cpus = [3]\n") +
                   pool("share", "credit2", "cpus = [0, 1]\n") + domain("a", "pool = \"rt\"\n") +
                   domain("b", "vcpus = 4\npool = \"share\"\nweight = 512\ncap = 150\n") +
                   domain("c", "vcpus = 2\n")),
              "");
}

TEST_F(CpuChecker, a_pool_is_said_in_full)
{
    EXPECT_EQ(said("[[pool]]\nname = \"a b\"\n" + pool("x", "credit3", "cpus = []\n") +
                   pool("x", "rtds", "cpus = [1, 1, 7]\n") + pool("y", "null", "cpus = [1]\n") +
                   domain("a")),
              "FILE:4: cpus: missing; [[pool]] needs it, for example cpus = [3]\n"
              "FILE:5: name = \"a b\": a name has 1 to 24 letters, digits, - or _\n"
              "FILE:8: scheduler = \"credit3\": no such scheduler; did you mean \"credit\"?\n"
              "FILE:9: cpus = []: a pool needs at least one CPU\n"
              "FILE:11: name = \"x\": another pool has this name (line 7); each needs its own\n"
              "FILE:13: cpus = [1, 1, 7]: names CPU 1 twice\n"
              "FILE:13: cpus = [1, 1, 7]: virt has no CPU 7; it has CPUs 0 to 3\n"
              "FILE:17: cpus = [1]: CPU 1 is in pool \"x\" already (line 13)\n");
}

TEST_F(CpuChecker, a_domain_is_in_a_pool_that_there_is)
{
    EXPECT_EQ(said(pool("rt", "null", "cpus = [3]\n") + domain("a", "pool = \"tr\"\n")),
              "FILE:12: pool = \"tr\": no pool has this name; did you mean \"rt\"?\n");
    EXPECT_EQ(said(domain("a", "pool = \"rt\"\n")),
              "FILE:8: pool = \"rt\": there is no [[pool]]; add one of this name\n");
}

TEST_F(CpuChecker, more_virtual_cpus_than_cpus_need_a_scheduler_that_shares)
{
    EXPECT_EQ(said(pool("rt", "null", "cpus = [3]\n") + domain("a", "pool = \"rt\"\nvcpus = 2\n")),
              "FILE:13: vcpus = 2: 2 virtual CPUs up to here, but pool \"rt\" has 1 (only CPU 3), "
              "and each virtual CPU takes one\n");
    EXPECT_EQ(said(pool("rt", "null", "cpus = [1, 3]\n") + domain("a", "vcpus = 3\n")),
              "FILE:12: vcpus = 3: 3 virtual CPUs up to here, but the CPUs that are in no [[pool]] "
              "has 2 (CPUs 0 and 2), and each virtual CPU takes one\n");
    for (const auto* const scheduler : {"credit", "credit2", "rtds"})
        EXPECT_EQ(said(pool("p", scheduler, "cpus = [2, 3]\n") +
                       domain("a", "pool = \"p\"\nvcpus = 3\n") + domain("b", "pool = \"p\"\n")),
                  "");
}

TEST_F(CpuChecker, cpus_and_affinity_are_within_the_pool)
{
    const auto p = pool("p", "credit", "cpus = [1, 2]\n");
    const auto with = [&](const std::string& more) {
        return said(p + domain("a", "pool = \"p\"\n" + more));
    };
    EXPECT_EQ(with("cpus = [1, 1]\n"), "");
    EXPECT_EQ(with("hard_affinity = [\"0-1\", \"2\"]\nsoft_affinity = [\"1\", \"0\"]\n"), "");
    EXPECT_EQ(with("cpus = [1, 3]\n"), "FILE:13: cpus = [1, 3]: CPU 3 is not among those of the "
                                       "domain's pool (pool \"p\": CPUs 1 to 2)\n");
    EXPECT_EQ(with("hard_affinity = [\"0,3\"]\n"),
              "FILE:13: hard_affinity = [\"0,3\"]: \"0,3\" has no CPU of the domain's pool (pool "
              "\"p\": CPUs 1 to 2)\n");
    EXPECT_EQ(with("hard_affinity = [\"1-\"]\n"),
              "FILE:13: hard_affinity = [\"1-\"]: \"1-\" has to list CPUs, as \"0-1,3\"\n");
    EXPECT_EQ(with("soft_affinity = [\"4\"]\n"),
              "FILE:13: soft_affinity = [\"4\"]: virt has no CPU 4; it has CPUs 0 to 3\n");
    EXPECT_EQ(with("vcpus = 2\nhard_affinity = [\"1\"]\n"),
              "FILE:14: hard_affinity = [\"1\"]: names 1 list, but the domain has 2 virtual CPUs; "
              "give one for each\n");
    EXPECT_EQ(with("cpus = [1]\nhard_affinity = [\"1\"]\n"),
              "FILE:14: hard_affinity = [\"1\"]: the cpus of line 13 say that already; remove "
              "one\n");
}

TEST_F(CpuChecker, under_null_affinities_leave_each_virtual_cpu_one)
{
    EXPECT_EQ(said(domain("a", "hard_affinity = [\"0-1\"]\n") + domain("b", "cpus = [0]\n")), "");
    EXPECT_EQ(said(domain("a", "cpus = [0]\n") + domain("b", "hard_affinity = [\"0-1\", \"1\"]\n")),
              "FILE:13: hard_affinity = [\"0-1\", \"1\"]: leaves no CPU for virtual CPU 1: those "
              "it may have are needed by others, and each virtual CPU takes one\n");
}

TEST_F(CpuChecker, what_a_scheduler_gives_is_in_its_range_and_its_own)
{
    const auto with = [&](const std::string& scheduler, const std::string& more) {
        return said(pool("p", scheduler, "cpus = [1, 2]\n") + domain("a", "pool = \"p\"\n" + more));
    };
    EXPECT_EQ(with("credit", "weight = 0\ncap = 101\n"),
              "FILE:13: weight = 0: has to be 1 to 65535\n"
              "FILE:14: cap = 101: per cent of a CPU: 1 virtual CPU can use at most 100\n");
    EXPECT_EQ(with("rtds", "period_us = 9\nbudget_us = 9\n"),
              "FILE:13: period_us = 9: has to be 10 us or more\n"
              "FILE:14: budget_us = 9: has to be 10 us or more\n");
    EXPECT_EQ(with("rtds", "period_us = 3000\n"),
              "FILE:13: period_us = 3000: virtual CPU 0 would have a budget of 4000 us in each "
              "3000 us; make it that at most\n");
    EXPECT_EQ(with("rtds", "vcpus = 2\nperiod_us = [5000, 1000]\nbudget_us = [1, 2, 3]\n"),
              "FILE:15: budget_us = [1, 2, 3]: names 3 times, but the domain has 2 virtual CPUs; "
              "give one for each\n"
              "FILE:15: budget_us = [1, 2, 3]: has to be 10 us or more\n");
    EXPECT_EQ(with("rtds", "weight = 1\n"),
              "FILE:13: weight = 1: is for credit and credit2, but the scheduler of pool \"p\" is "
              "rtds; remove it, or use another\n");
    EXPECT_EQ(with("null", "extratime = true\n"),
              "FILE:13: extratime = true: is for rtds, but the scheduler of pool \"p\" is null; "
              "remove it, or use another\n");
    EXPECT_EQ(with("credit2", "vpmu = true\n"),
              "FILE:13: vpmu = true: is for CPUs that are not shared (scheduler null), but the "
              "scheduler of pool \"p\" is credit2; remove it, or use another\n");
}

TEST_F(CpuChecker, budgets_on_one_cpu_are_promised_up_to_all_of_it)
{
    const auto p = pool("p", "rtds", "cpus = [1]\n");
    const auto a = domain("a", "pool = \"p\"\nperiod_us = 10000\nbudget_us = 6000\n");
    EXPECT_EQ(said(p + a + domain("b", "pool = \"p\"\n")), "");
    EXPECT_EQ(said(p + a + domain("b", "pool = \"p\"\nbudget_us = 4100\n")),
              "FILE:6: scheduler = \"rtds\": budgets of 1.01 CPUs asked for (a v0 6000/10000 us "
              "and b v0 4100/10000 us) where 1.00 can be promised by their deadlines (only CPU 1; "
              "the largest share is 0.60); lower budget_us or raise period_us\n");
}

TEST_F(CpuChecker, budgets_on_two_cpus_are_promised_by_the_test_for_global_edf)
{
    const auto p = pool("p", "rtds", "cpus = [1, 2]\n");
    // Four of 0.4: sum 1.6 = 2 - 1 * 0.4.
    EXPECT_EQ(said(p + domain("a", "pool = \"p\"\nvcpus = 4\nbudget_us = 4000\n")), "");
    EXPECT_EQ(said(p + domain("a", "pool = \"p\"\nvcpus = 5\n")), "") << "nobody asks";
    EXPECT_EQ(said(p + domain("a", "pool = \"p\"\nvcpus = 3\nbudget_us = [7000, 4000, 4000]\n")),
              "FILE:6: scheduler = \"rtds\": budgets under global EDF of 1.50 CPUs asked for (a v0 "
              "7000/10000 us, a v1 4000/10000 us and a v2 4000/10000 us) where 1.30 can be "
              "promised by their deadlines (CPUs 1 to 2; the largest share is 0.70); lower "
              "budget_us or raise period_us\n");
    // The same on CPUs of their own.
    EXPECT_EQ(said(p + domain("a", "pool = \"p\"\ncpus = [1, 2, 2]\n"
                                   "budget_us = [7000, 4000, 4000]\n")),
              "");
    EXPECT_TRUE(
        said(p + domain("a", "pool = \"p\"\nbudget_us = 10\nhard_affinity = [\"1\", \"1-2\"]\n"))
            .contains("under rtds, give each virtual CPU of the pool one CPU, or all"));
}

TEST_F(CpuChecker, a_schedule_fits_its_frame_and_names_virtual_cpus_of_its_pool)
{
    const auto with = [&](const std::string& more) {
        return said(pool("p", "arinc653", "cpus = [1]\nmajor_frame_us = 9000\n" + more) +
                    domain("a", "pool = \"p\"\n") + domain("b", "pool = \"p\"\n") + domain("c"));
    };
    const auto good = window("a", "run_us = 5000\n") + window("b", "run_us = 3000\n");
    EXPECT_EQ(with(good + "[[pool.window]]\nrun_us = 1000\n"), "");
    EXPECT_EQ(with(good + "[[pool.window]]\nrun_us = 1001\n"),
              "FILE:8: major_frame_us = 9000: its windows take 9001 us; make it that at least, or "
              "them shorter\n");
    EXPECT_EQ(with(good + window("c", "run_us = 1\n")),
              "FILE:16: domain = \"c\": that domain is in another pool; give it pool = \"p\"\n");
    EXPECT_EQ(with(good + window("aa", "run_us = 1\n")),
              "FILE:16: domain = \"aa\": no domain of this pool has this name; did you mean "
              "\"a\"?\n");
    EXPECT_EQ(with(good + window("a", "vcpu = 1\nrun_us = 0\n")),
              "FILE:17: vcpu = 1: \"a\" has virtual CPUs 0 to 0\n"
              "FILE:18: run_us = 0: a window has at least 1 us\n");
    EXPECT_TRUE(with(window("a", "run_us = 5000\n"))
                    .contains("virtual CPU 0 has no window in pool \"p\" (line 4), and would never "
                              "run; add a [[pool.window]]"));
    std::string many = good;
    for (int n = 0; n < 63; ++n)
        many += "[[pool.window]]\nrun_us = 1\n";
    EXPECT_TRUE(with(many).contains("window number 65; there can be 64"));
}

TEST_F(CpuChecker, arinc653_has_one_cpu_and_a_pool)
{
    EXPECT_TRUE(said(pool("p", "arinc653", "cpus = [1, 2]\n") + domain("a"))
                    .contains("names 2 CPUs, but arinc653 has one; make a pool for each"));
    EXPECT_EQ(project.problems_of(machine("sched=arinc653") + domain("a")),
              "FILE:3: bootargs = \"sched=arinc653\": arinc653 needs a table of windows; write a "
              "[[pool]] with scheduler = \"arinc653\", a [[pool.window]] for each, and pool in the "
              "domains\n");
    EXPECT_EQ(
        said(pool("p", "credit", "cpus = [1]\n" + window("a", "run_us = 1\n")) +
             domain("a", "pool = \"p\"\n")),
        "FILE:8: [[pool.window]]: is for arinc653, but the scheduler is credit; remove it, or "
        "write scheduler = \"arinc653\"\n");
}

const std::string mixed =
    "[[pool]]\nname = \"rt\"\nscheduler = \"arinc653\"\ncpus = [3]\nmajor_frame_us = 9000\n"
    "[[pool.window]]\ndomain = \"b\"\nrun_us = 5000\n[[pool.window]]\nrun_us = 100\n"
    "[[pool]]\nname = \"share\"\ncpus = [1, 2]\n"
    "[[domain]]\nname = \"a\"\nkernel = \"Image\"\nmemory = \"16 MiB\"\nvcpus = 2\n"
    "pool = \"share\"\nbudget_us = [1000, 2000]\nextratime = false\nsoft_affinity = [\"1\", "
    "\"2\"]\n"
    "[[domain]]\nname = \"b\"\nkernel = \"Image\"\nmemory = \"16 MiB\"\npool = \"rt\"\n";

TEST_F(CpuChecker, the_tree_says_pools_windows_and_parameters_as_the_hypervisor_reads_them)
{
    const auto plan = project.plan_of(machine("sched=rtds") + mixed);
    DeviceTree tree = DeviceTree::empty();
    tree.add_node("/cpus");
    for (int cpu = 3; cpu >= 0; --cpu) {
        const std::string node = "/cpus/cpu@" + std::to_string(cpu);
        tree.add_node(node);
        tree.set_text(node, "device_type", "cpu");
    }
    tree.set_cell("/cpus/cpu@2", "phandle", 7);
    describe_system(tree, plan, "sched=rtds");
    using Cells = std::vector<std::uint32_t>;
    const auto cells = [&](const std::string& node, const std::string& name) {
        return tree.cells("/chosen/" + node, name);
    };
    EXPECT_EQ(tree.text("/chosen/pool-rt", "compatible"), "xen,cpupool");
    EXPECT_EQ(tree.text("/chosen/pool-rt", "cpupool-sched"), "arinc653");
    EXPECT_FALSE(tree.has_property("/chosen/pool-share", "cpupool-sched"));
    EXPECT_EQ(cells("pool-rt", "cpupool-cpus"), tree.cells("/cpus/cpu@3", "phandle"));
    EXPECT_EQ(cells("pool-share", "cpupool-cpus"),
              (Cells{tree.cells("/cpus/cpu@1", "phandle").at(0), 7}));
    EXPECT_EQ(cells("domU1", "domain-cpupool"), cells("pool-share", "phandle"));
    EXPECT_EQ(cells("pool-rt", "bulkhead,sched-major-frame-us"), (Cells{9000}));
    EXPECT_EQ(cells("pool-rt", "bulkhead,sched-schedule"),
              (Cells{cells("domU2", "phandle").at(0), 0, 5000, 0, 0, 100}));
    EXPECT_EQ(cells("domU1/vcpu@1", "bulkhead,sched-budget-us"), (Cells{2000}));
    EXPECT_EQ(cells("domU1", "bulkhead,sched-extratime"), (Cells{0}));
    EXPECT_EQ(tree.text("/chosen/domU1/vcpu@0", "soft-affinity"), "1");
    EXPECT_FALSE(tree.has_node("/chosen/domU2/vcpu@0"));
}

TEST_F(CpuChecker, a_trace_is_held_against_what_the_description_promises)
{
    const auto facts =
        schedule_facts(project.plan_of(machine("sched=rtds") + mixed).description, 4);
    const auto& a1 = facts.units.at({1, 1});
    EXPECT_EQ(a1.policy, Policy::rtds);
    EXPECT_EQ(a1.budget, 2'000'000U);
    EXPECT_EQ(a1.period, 10'000'000U);
    EXPECT_FALSE(a1.extratime);
    EXPECT_EQ(a1.cpus, (std::set<unsigned>{1, 2}));
    EXPECT_EQ(facts.units.at({2, 0}).policy, Policy::arinc653);
    ASSERT_EQ(facts.windows.size(), 2U);
    EXPECT_EQ(facts.windows[0].length, 5'000'000U);
    EXPECT_EQ(facts.major_frame, 9'000'000U);
}

} // namespace
} // namespace bulkhead::tool
