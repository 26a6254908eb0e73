#include "boot/cpu_pools.hpp"

#include "base/bits.hpp"
#include "boot/domain_placement.hpp"
#include "machine/test_machine.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace bulkhead::boot {
namespace {

using sched::Kind;

constexpr std::string_view cpus = R"(cpus { #address-cells = <1>; #size-cells = <0>;
    c0: cpu@0 { device_type = "cpu"; reg = <0>; }; c1: cpu@1 { device_type = "cpu"; reg = <1>; };
    c2: cpu@2 { device_type = "cpu"; reg = <2>; }; c3: cpu@3 { device_type = "cpu"; reg = <3>; };
    c4: cpu@4 { device_type = "cpu"; reg = <4>; }; }; soc: soc { };)";

/// Nodes below /chosen, on a machine whose CPUs 0 to 3 run.
struct Pools {
    explicit Pools(std::string_view nodes, Kind usual = Kind::null)
        : compiled("/ { " + std::string{cpus} +
                   "chosen { #address-cells = <2>; #size-cells = <2>;" + std::string{nodes} +
                   "}; };")
    {
        const auto tree = compiled.tree();
        EXPECT_TRUE(devicetree::read_processors(tree, 0, *processors, report));
        read_domains(tree, {.cpus = 4, .vcpus = 8}, *domains, report);
        read_pools(tree, *processors, 4, usual, *domains, *all, report);
    }

    const PoolDescription& operator[](std::size_t index) const { return (*all)[index]; }
    const DomainDescription& domain(std::size_t index) const { return (*domains)[index]; }
    [[nodiscard]] sched::Parameters given(std::size_t domain_index, unsigned vcpu) const
    {
        return parameters_of(domain(domain_index), vcpu);
    }
    [[nodiscard]] Schedule schedule(std::size_t index) const
    {
        return schedule_of((*all)[index], compiled.tree(), *domains);
    }
    [[nodiscard]] std::string said() const { return std::string{report.text()}; }
    /// Where each vCPU is put: "0 1/wrong/2".
    std::string placed()
    {
        for (unsigned n = 0; n < all->size(); ++n)
            ((*all)[n].kind == Kind::null ? place_vcpus : spread_vcpus)(*domains, n, (*all)[n].cpus,
                                                                        report);
        std::string text;
        for (const auto& one : *domains) {
            for (unsigned vcpu = 0; vcpu < one.vcpus && !one.is_wrong; ++vcpu)
                text += std::to_string(one.cpus[vcpu].value()) + " ";
            if (one.is_wrong) text += "wrong ";
            text.back() = '/';
        }
        text.pop_back();
        return text;
    }

    test::CompiledTree compiled;
    std::unique_ptr<devicetree::Processors> processors = std::make_unique<devicetree::Processors>();
    std::unique_ptr<DomainDescriptions> domains = std::make_unique<DomainDescriptions>();
    std::unique_ptr<PoolDescriptions> all = std::make_unique<PoolDescriptions>();
    Report report;
};

std::string domain(const std::string& name, unsigned vcpus, const std::string& more = {})
{
    return name + ": " + name + " { compatible = \"xen,domain\"; memory = <0 0x20000>; cpus = <" +
           std::to_string(vcpus) + ">;" + more +
           R"(kernel@60000000 { compatible = "multiboot,kernel", "multiboot,module";
                                reg = <0 0x60000000 0 0x1000000>; }; };)";
}

std::string pool(const std::string& name, const std::string& properties)
{
    return name + ": " + name + " { compatible = \"xen,cpupool\"; " + properties + "};";
}

const std::string in_p = "domain-cpupool = <&p>;";

TEST(CpuPools, without_nodes_all_cpus_are_one_pool_with_the_usual_scheduler)
{
    Pools pools{domain("a", 2), Kind::rtds};
    EXPECT_EQ(pools.said(), "");
    ASSERT_EQ(pools.all->size(), 1U);
    EXPECT_EQ(pools[0].kind, Kind::rtds);
    EXPECT_EQ(pools[0].cpus, 0b1111U);
    EXPECT_EQ(pools.domain(0).scheduler, Kind::rtds);
    EXPECT_EQ(pools.placed(), "0 1");
}

TEST(CpuPools, a_pool_has_the_cpus_and_the_scheduler_that_its_node_names)
{
    Pools pools{pool("p", R"(cpupool-cpus = <&c3 &c2>; cpupool-sched = "credit2";)") +
                domain("a", 3, in_p) + domain("b", 2) + domain("c", 2, in_p)};
    EXPECT_EQ(pools.said(), "");
    ASSERT_EQ(pools.all->size(), 2U);
    EXPECT_EQ(pools[0].kind, Kind::null);
    EXPECT_EQ(pools[0].cpus, 0b0011U);
    EXPECT_EQ(pools[1].kind, Kind::credit2);
    EXPECT_EQ(pools[1].cpus, 0b1100U);
    EXPECT_EQ(pools.domain(0).scheduler, Kind::credit2);
    EXPECT_EQ(pools.domain(1).scheduler, Kind::null);
    EXPECT_EQ(pools.placed(), "2 3 2/0 1/3 2");
}

TEST(CpuPools, every_scheduler_can_be_named)
{
    for (const auto name : sched::kind_names) {
        const Pools pools{
            pool("p", "cpupool-cpus = <&c1>; cpupool-sched = \"" + std::string{name} + "\";")};
        EXPECT_EQ(pools.said(), "");
        EXPECT_EQ(sched::name_of(pools[1].kind), name);
    }
    const Pools usual{pool("p", "cpupool-cpus = <&c1>;"), Kind::credit};
    EXPECT_EQ(usual[1].kind, Kind::credit);
}

TEST(CpuPools, the_pool_of_cpu_0_is_the_one_of_domains_that_name_none)
{
    Pools pools{pool("q", "cpupool-cpus = <&c2>;") +
                pool("p", R"(cpupool-cpus = <&c1 &c0>; cpupool-sched = "credit";)") +
                domain("a", 3) + domain("b", 1, "domain-cpupool = <&q>;")};
    EXPECT_EQ(pools.said(), "");
    EXPECT_EQ(pools[0].cpus, 0b0011U);
    EXPECT_EQ(pools.domain(0).scheduler, Kind::credit);
    EXPECT_EQ(pools.placed(), "0 1 0/2");
}

/// What is said of a pool with these properties, which is wrong; and that it takes none but its own
/// domains with it.
std::string said_of(const std::string& properties)
{
    Pools pools{pool("p", properties) + domain("a", 1, in_p) + domain("b", 1)};
    EXPECT_TRUE(pools.domain(0).is_wrong) << properties;
    EXPECT_FALSE(pools.domain(1).is_wrong) << properties;
    const std::string end = "error: /chosen/a: its CPU pool, /chosen/p, is wrong\n";
    auto said = pools.said();
    EXPECT_TRUE(said.ends_with(end)) << said;
    return said.substr(0, said.size() - std::min(end.size(), said.size()));
}

TEST(CpuPools, a_wrong_pool_is_answered_with_what_would_be_right)
{
    EXPECT_EQ(said_of("cpupool-cpus = <&c1>; cpupool-sched = \"credit3\";"),
              "error: /chosen/p: cpupool-sched = \"credit3\" has to be credit, credit2, arinc653, "
              "rtds or null; the nearest is credit\n");
    EXPECT_EQ(said_of("cpupool-cpus = <&c1>; cpupool-sched = <1>;"),
              "error: /chosen/p: cpupool-sched = \"\" has to be credit, credit2, arinc653, rtds or "
              "null\n");
    for (const auto* const empty : {"", "cpupool-cpus;", "cpupool-cpus = [01];"})
        EXPECT_EQ(said_of(empty),
                  "error: /chosen/p: cpupool-cpus has to name CPUs, each once: <&cpu2 &cpu3>\n");
    const std::string entry = "error: /chosen/p: entry ";
    EXPECT_EQ(said_of("cpupool-cpus = <&c1 0x1234>;"),
              entry + "1 of cpupool-cpus, : no CPU that runs; name such: <&cpu2>\n");
    EXPECT_EQ(said_of("cpupool-cpus = <&soc>;"),
              entry + "0 of cpupool-cpus, /soc: no CPU that runs; name such: <&cpu2>\n");
    EXPECT_EQ(said_of("cpupool-cpus = <&c4>;"),
              entry + "0 of cpupool-cpus, /cpus/cpu@4: no CPU that runs; name such: <&cpu2>\n");
    EXPECT_EQ(said_of("cpupool-cpus = <1 2 3 4 5 6>;"),
              "error: /chosen/p: cpupool-cpus has to name CPUs, each once: <&cpu2 &cpu3>\n");
    EXPECT_EQ(said_of("cpupool-cpus = <&c1 &c1>;"),
              entry + "1 of cpupool-cpus, /cpus/cpu@1: that CPU is in a pool already\n");
    EXPECT_EQ(said_of("cpupool-cpus = <&c1 &c2>; cpupool-sched = \"arinc653\"; "
                      "bulkhead,sched-schedule = <&a 0 1>;"),
              "error: /chosen/p: cpupool-cpus: arinc653 takes one CPU; make more pools\n");
}

TEST(CpuPools, a_cpu_of_two_pools_makes_the_second_wrong)
{
    Pools pools{pool("p", "cpupool-cpus = <&c1>;") + pool("q", "cpupool-cpus = <&c2 &c1>;") +
                domain("a", 1, in_p) + domain("b", 1, "domain-cpupool = <&q>;") + domain("c", 2)};
    EXPECT_EQ(pools.said(),
              "error: /chosen/q: entry 1 of cpupool-cpus, /cpus/cpu@1: that CPU is in a pool "
              "already\nerror: /chosen/b: its CPU pool, /chosen/q, is wrong\n");
    // What the wrong one names stays free of others.
    EXPECT_EQ(pools[0].cpus, 0b1001U);
    EXPECT_EQ(pools.placed(), "1/wrong/0 3");
}

TEST(CpuPools, a_domain_names_a_pool_or_is_wrong)
{
    for (const std::string value : {" = <&c1>", " = <&soc>", " = \"p\"", "", " = <0x1234>"})
        EXPECT_EQ(Pools{domain("a", 1, "domain-cpupool" + value + ";")}.said(),
                  "error: /chosen/a: domain-cpupool has to name a node of compatible = "
                  "\"xen,cpupool\": <&pool>\n");
}

TEST(CpuPools, there_is_room_for_seven_beside_pool_0)
{
    std::string nodes;
    for (int n = 0; n < 8; ++n)
        nodes += pool("p" + std::to_string(n), n < 2 ? "cpupool-cpus = <&c1>;" : "");
    EXPECT_NE(Pools{nodes}.said().find("error: /chosen/p7: there is room for 7 CPU pools"),
              std::string::npos);
}

TEST(CpuPools, affinity_outside_of_the_pool_is_an_error_and_soft_affinity_where_a_vcpu_begins)
{
    const auto vcpu = [](const std::string& properties) {
        return in_p + "v { compatible = \"xen,vcpu\"; id = <1>;" + properties + "};";
    };
    const auto p = pool("p", R"(cpupool-cpus = <&c1 &c2 &c3>; cpupool-sched = "credit";)");
    Pools pools{p + domain("a", 2, vcpu("hard-affinity = \"0\";")) +
                domain("b", 2, vcpu("soft-affinity = \"0,3\";")) +
                domain("c", 2, vcpu("hard-affinity = \"2\"; soft-affinity = \"3\";")) +
                domain("d", 2, vcpu("soft-affinity = \"9\";"))};
    EXPECT_EQ(pools.placed(), "wrong/2 3/1 2/wrong");
    EXPECT_EQ(pools.said(), "error: /chosen/d/v: soft-affinity = \"9\" has to list CPUs from 0 to "
                            "3, as \"0-1,3\"\nerror: /chosen/a: hard-affinity of vCPU 1 (mask 0x1) "
                            "has no CPU of its pool (mask 0xe)\n");
    EXPECT_EQ(soft_affinity(pools.domain(1), 1), 0b1001U);
}

TEST(CpuPools, a_pmu_stays_on_cpus_that_are_not_shared)
{
    Pools pools{pool("p", R"(cpupool-cpus = <&c1>; cpupool-sched = "rtds";)") +
                domain("a", 1, "vpmu;") + domain("b", 1, in_p + "vpmu;")};
    EXPECT_EQ(pools.placed(), "0/wrong");
    EXPECT_EQ(
        pools.said(),
        "error: /chosen/b: vpmu needs CPUs that are not shared: scheduler null, or no vpmu\n");
}

TEST(CpuPools, weight_and_cap_are_the_domains)
{
    const Pools pools{domain("a", 2, "bulkhead,sched-weight = <512>; bulkhead,sched-cap = <150>;") +
                          domain("b", 1),
                      Kind::credit2};
    EXPECT_EQ(pools.said(), "");
    EXPECT_EQ(pools.given(0, 1).weight, 512);
    EXPECT_EQ(pools.given(0, 0).cap, 150);
    EXPECT_EQ(pools.given(1, 0).weight, 256);
    EXPECT_EQ(pools.given(1, 0).cap, 0);
}

TEST(CpuPools, what_rtds_gives_is_the_domains_or_a_vcpus)
{
    const Pools pools{domain("a", 3, R"(bulkhead,sched-period-us = <2000>;
        bulkhead,sched-budget-us = <500>; bulkhead,sched-extratime = <0>;
        v1 { compatible = "xen,vcpu"; id = <1>; bulkhead,sched-budget-us = <700>; };
        v2 { compatible = "xen,vcpu"; id = <2>; bulkhead,sched-period-us = <1000>;
             bulkhead,sched-extratime = <1>; };)"),
                      Kind::rtds};
    EXPECT_EQ(pools.said(), "");
    const auto shown = [&](unsigned vcpu) {
        const auto given = pools.given(0, vcpu);
        return std::to_string(given.budget_us) + "/" + std::to_string(given.period_us) +
               (given.extratime ? "+" : "");
    };
    EXPECT_EQ(shown(0), "500/2000");
    EXPECT_EQ(shown(1), "700/2000");
    EXPECT_EQ(shown(2), "500/1000+");
}

std::string said_of_domain(const std::string& properties, Kind kind)
{
    const Pools pools{domain("a", 2, properties), kind};
    EXPECT_EQ(pools.domain(0).is_wrong, pools.report.errors() != 0);
    return pools.said();
}

TEST(CpuPools, a_parameter_out_of_its_range_is_answered_with_the_range)
{
    const auto credit = [](const std::string& property) {
        return said_of_domain("bulkhead,sched-" + property + ";", Kind::credit);
    };
    EXPECT_EQ(credit("weight = <0>"),
              "error: /chosen/a: bulkhead,sched-weight = 0 has to be from 1 to 65535\n");
    EXPECT_EQ(credit("weight = <65536>"),
              "error: /chosen/a: bulkhead,sched-weight = 65536 has to be from 1 to 65535\n");
    EXPECT_EQ(credit("weight = <1 2>"),
              "error: /chosen/a: bulkhead,sched-weight has to be one cell, from 1 to 65535\n");
    EXPECT_EQ(credit("cap = <201>"),
              "error: /chosen/a: bulkhead,sched-cap = 201 has to be from 0 to 200\n");
    const auto rtds = [](const std::string& properties) {
        return said_of_domain(properties, Kind::rtds);
    };
    EXPECT_EQ(
        rtds("bulkhead,sched-period-us = <9>; bulkhead,sched-budget-us = <9>;"),
        "error: /chosen/a: bulkhead,sched-period-us = 9 has to be from 10 to 4294967295\nerror: "
        "/chosen/a: bulkhead,sched-budget-us = 9 has to be from 10 to 4294967295\n");
    EXPECT_EQ(rtds("bulkhead,sched-period-us = <3000>;"),
              "error: /chosen/a: vCPU 0 has bulkhead,sched-budget-us = 4000, more than "
              "bulkhead,sched-period-us = 3000; make it that at most\n");
    EXPECT_EQ(rtds("v { compatible = \"xen,vcpu\"; id = <1>; bulkhead,sched-budget-us = <10001>; "
                   "bulkhead,sched-extratime = <2>; };"),
              "error: /chosen/a/v: bulkhead,sched-extratime = 2 has to be from 0 to 1\nerror: "
              "/chosen/a: vCPU 1 has bulkhead,sched-budget-us = 10001, more than "
              "bulkhead,sched-period-us = 10000; make it that at most\n");
}

TEST(CpuPools, a_parameter_that_its_scheduler_does_not_know_is_a_warning)
{
    EXPECT_EQ(said_of_domain("bulkhead,sched-weight = <1>;", Kind::rtds),
              "warning: /chosen/a: bulkhead,sched-weight is for credit and credit2, and has no "
              "effect under rtds\n");
    EXPECT_EQ(
        said_of_domain("bulkhead,sched-budget-us = <100>;", Kind::null),
        "warning: /chosen/a: bulkhead,sched-budget-us is for rtds, and has no effect under null\n");
    EXPECT_EQ(said_of_domain("bulkhead,sched-wait = <1>;", Kind::credit),
              "warning: /chosen/a: bulkhead,sched-wait is unknown; see doc/scheduling.md\n");
    EXPECT_EQ(
        said_of_domain("v { compatible = \"xen,vcpu\"; id = <0>; bulkhead,sched-budget = <1>; };",
                       Kind::rtds),
        "warning: /chosen/a/v: bulkhead,sched-budget is unknown; see doc/scheduling.md\n");
}

std::string arinc(const std::string& schedule)
{
    return pool("p", "cpupool-cpus = <&c1>; cpupool-sched = \"arinc653\";" + schedule);
}
const std::string two_domains = domain("a", 1, in_p) + domain("b", 2, in_p) + domain("c", 1);

TEST(CpuPools, a_schedule_is_windows_of_vcpus_and_of_nobody_in_a_major_frame)
{
    const Pools pools{arinc("bulkhead,sched-schedule = <&a 0 5000>, <0 0 1000>, <&b 1 2000>, <&b 0 "
                            "10>; bulkhead,sched-major-frame-us = <10000>;") +
                      two_domains};
    EXPECT_EQ(pools.said(), "");
    EXPECT_EQ(pools.schedule(1).major_frame_ns, 10'000'000U);
    const auto windows = pools.schedule(1).windows;
    ASSERT_EQ(windows.size(), 4U);
    EXPECT_EQ(windows[0].domain, DomainId{1});
    EXPECT_EQ(windows[0].run_time, 5'000'000U);
    EXPECT_GT(windows[1].domain, DomainId{3});
    EXPECT_EQ(windows[2].domain, DomainId{2});
    EXPECT_EQ(windows[2].vcpu, VcpuId{1});
    EXPECT_EQ(windows[3].vcpu, VcpuId{0});
    const Pools sum{arinc("bulkhead,sched-schedule = <&a 0 5000 &b 0 1 &b 1 1>;") + two_domains};
    EXPECT_EQ(sum.schedule(1).major_frame_ns, 5'002'000U);
}

std::string said_of_schedule(const std::string& windows, const std::string& more = {})
{
    Pools pools{arinc("bulkhead,sched-schedule = " + windows + ";" + more) + two_domains};
    EXPECT_TRUE(pools[1].is_wrong);
    EXPECT_TRUE(pools.domain(0).is_wrong && pools.domain(1).is_wrong);
    EXPECT_FALSE(pools.domain(2).is_wrong);
    const auto said = pools.said();
    return said.substr(0, said.find('\n') + 1);
}

TEST(CpuPools, a_wrong_schedule_is_answered_with_what_would_be_right)
{
    const std::string start = "error: /chosen/p: ";
    const std::string name = "bulkhead,sched-schedule";
    for (const auto* const shape : {"<&a 0>", "<&a 0 1 2>", "\"a\""})
        EXPECT_EQ(said_of_schedule(shape),
                  start + name +
                      " has to be 1 to 64 windows: <&domain vcpu us>, or <0 0 us> for nobody\n");
    std::string many = "<&a 0 1>";
    for (int n = 0; n < 64; ++n)
        many += ", <&a 0 1>";
    EXPECT_NE(said_of_schedule(many).find("1 to 64 windows"), std::string::npos);
    const auto window = [&](const std::string& windows) { return said_of_schedule(windows); };
    EXPECT_NE(window("<&a 0 1>, <&soc 0 1>").find("the first is no phandle of a domain in this"),
              std::string::npos);
    EXPECT_EQ(window("<0x1234 0 1>"),
              start + "window 0 of " + name +
                  ", <0x1234 0 1>: the first is no phandle of a domain in this pool, nor 0\n");
    EXPECT_NE(window("<&c 0 1>").find("the first is no phandle of a domain in this pool"),
              std::string::npos);
    EXPECT_NE(window("<&b 2 1>").find(" 2 1>: the domain has no such vCPU\n"), std::string::npos);
    EXPECT_NE(window("<&a 0 0>").find(" 0 0>: 1 us is the least\n"), std::string::npos);
    EXPECT_EQ(
        said_of_schedule("<&a 0 3>, <&b 0 4>", "bulkhead,sched-major-frame-us = <6>;"),
        start +
            "bulkhead,sched-major-frame-us = 6, but the windows take 7; make it that at least\n");
    EXPECT_EQ(said_of_schedule("<&a 0 0xffffffff>, <&b 0 1>"),
              start + "bulkhead,sched-major-frame-us = 4294967295, but the windows take "
                      "4294967296; make it that at least\n");
}

TEST(CpuPools, a_vcpu_without_a_window_makes_its_domain_wrong)
{
    const Pools pools{arinc("bulkhead,sched-schedule = <&a 0 1>, <&b 0 1>;") + two_domains};
    EXPECT_EQ(pools.said(), "error: /chosen/b: vCPU 1 has no window in bulkhead,sched-schedule of "
                            "/chosen/p; add one\n");
    EXPECT_FALSE(pools.domain(0).is_wrong);
}

TEST(CpuPools, windows_of_a_wrong_domain_stay_empty)
{
    const Pools pools{arinc("bulkhead,sched-schedule = <&a 0 1>, <&b 7 2>;") +
                      domain("a", 1, in_p) +
                      "b: b { compatible = \"xen,domain\"; domain-cpupool = <&p>; };"};
    EXPECT_FALSE(pools.domain(0).is_wrong);
    EXPECT_EQ(pools.schedule(1).major_frame_ns, 3000U);
}

TEST(CpuPools, the_schedule_of_the_cpus_that_no_node_names_is_chosens)
{
    Pools pools{"bulkhead,sched-schedule = <&a 0 100>;" + domain("a", 1), Kind::arinc653};
    EXPECT_EQ(pools.said(),
              "warning: sched=arinc653 takes one CPU; others in no pool (mask 0xe) run nothing\n");
    EXPECT_EQ(pools.placed(), "0");
    EXPECT_EQ(pools.schedule(0).major_frame_ns, 100'000U);
    EXPECT_NE(Pools(domain("a", 1), Kind::arinc653)
                  .said()
                  .find("error: /chosen: bulkhead,sched-schedule has to be"),
              std::string::npos);
}

TEST(CpuPools, a_schedule_without_arinc653_is_a_warning)
{
    EXPECT_EQ(Pools{pool("p", "cpupool-cpus = <&c1>; bulkhead,sched-schedule = <0 0 1>;")}.said(),
              "warning: /chosen/p: bulkhead,sched-schedule has no effect: the scheduler is null, "
              "not arinc653\n");
}

TEST(CpuPools, the_cpus_are_the_pools_once_these_are_started)
{
    test::new_machine(4);
    const Pools described{pool("p", R"(cpupool-cpus = <&c2 &c1>; cpupool-sched = "rtds";)") +
                          pool("wrong", "cpupool-cpus = <&c3 &c3>;") +
                          pool("q", "cpupool-cpus = <&soc>;")};
    start_pools(described.compiled.tree(), *described.domains, *described.all, {});
    const auto first = sched::pools::at(sched::pools::PoolId{0});
    EXPECT_EQ(first.kind, Kind::null);
    EXPECT_EQ(first.cpus, 0b0001U);
    const auto second = sched::pools::at(sched::pools::PoolId{1});
    EXPECT_EQ(second.kind, Kind::rtds);
    EXPECT_EQ(second.cpus, 0b0110U);
    EXPECT_EQ(&sched::scheduler_of(CpuId{2}), second.scheduler);
    EXPECT_EQ(sched::pools::at(sched::pools::PoolId{2}).scheduler, nullptr);
    // As other tests expect it.
    sched::pools::start(Kind::null, {});
}

} // namespace
} // namespace bulkhead::boot
