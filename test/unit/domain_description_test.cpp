#include "boot/domain_checks.hpp"
#include "boot/domain_description.hpp"
#include "boot/domain_placement.hpp"
#include "machine/physical_memory.hpp"
#include "memory/page_pool.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace bulkhead::boot {
namespace {

using namespace literals;
using test::CompiledTree;

constexpr std::string_view good_kernel = R"(kernel@60000000 {
    compatible = "multiboot,kernel", "multiboot,module";
    reg = <0 0x60000000 0 0x1000000>; bootargs = "console=ttyAMA0"; };)";

/// Domains written as the nodes below /chosen.
struct Domains {
    explicit Domains(std::string_view nodes,
                     DomainLimits limits = {.cpus = 4, .vcpus = 8, .sve_bits = 512})
        : compiled("/ { chosen { #address-cells = <2>; #size-cells = <2>;" + std::string{nodes} +
                   "}; };")
    {
        read_domains(compiled.tree(), limits, all, report);
    }

    const DomainDescription& operator[](std::size_t index) const { return all[index]; }
    [[nodiscard]] bool says(std::string_view what) const
    {
        return report.text().find(what) != std::string_view::npos;
    }

    CompiledTree compiled;
    DomainDescriptions all;
    Report report;
};

/// A good domain, and whatever else is in its node.
std::string domain(std::string_view name, unsigned vcpus, std::string_view more = {},
                   std::string_view kernel = good_kernel)
{
    return std::string{name} + " { compatible = \"xen,domain\"; memory = <0 0x20000>; cpus = <" +
           std::to_string(vcpus) + ">;" + std::string{more} + std::string{kernel} + "};";
}

TEST(DomainDescription, everything_that_a_node_asks_for_is_read)
{
    const Domains domains{domain("linux", 2, R"(
        vpl011; vpmu; sve; nr_spis = <64>; bulkhead,name = "control"; max_grant_frames = <4>;
        xen,domain-p2m-mem-mb = <8>;
        ramdisk@70000000 { compatible = "multiboot,ramdisk", "multiboot,module";
                           reg = <0 0x70000000 0 0x100000>; };
        vcpu0 { compatible = "xen,vcpu"; id = <0>; };
        vcpu1 { compatible = "xen,vcpu"; id = <1>; hard-affinity = "1-2,0x3"; };)")};
    EXPECT_EQ(domains.report.text(), "");
    ASSERT_EQ(domains.all.size(), 1U);
    const auto& linux_domain = domains[0];
    EXPECT_FALSE(linux_domain.is_wrong);
    EXPECT_EQ(linux_domain.id, DomainId{1});
    EXPECT_EQ(linux_domain.name, "control");
    EXPECT_EQ(linux_domain.memory, 128_MiB);
    EXPECT_EQ(linux_domain.vcpus, 2U);
    EXPECT_TRUE(linux_domain.vpl011);
    EXPECT_TRUE(linux_domain.vpmu);
    EXPECT_EQ(linux_domain.sve_bits, 512U);
    EXPECT_EQ(linux_domain.nr_spis, 64U);
    EXPECT_EQ(linux_domain.kernel.range.start, PhysicalAddress{0x6000'0000});
    EXPECT_EQ(linux_domain.kernel.bootargs, "console=ttyAMA0");
    ASSERT_TRUE(linux_domain.ramdisk);
    EXPECT_EQ(linux_domain.ramdisk->range.size, 1_MiB);
    EXPECT_EQ(linux_domain.hard_affinity[0], 0b1111U);
    EXPECT_EQ(linux_domain.hard_affinity[1], 0b1110U);
}

TEST(DomainDescription, ids_follow_the_tree_and_a_wrong_domain_leaves_the_others_alone)
{
    const Domains domains{domain("a", 1) + "b { compatible = \"xen,domain\"; };" + domain("c", 1) +
                          "d { compatible = \"something\"; };"};
    ASSERT_EQ(domains.all.size(), 3U);
    EXPECT_FALSE(domains[0].is_wrong);
    EXPECT_TRUE(domains[1].is_wrong);
    EXPECT_FALSE(domains[2].is_wrong);
    EXPECT_EQ(domains[2].id, DomainId{3});
    EXPECT_EQ(domains[2].name, "c");
    EXPECT_FALSE(domains[2].vpl011);
    EXPECT_FALSE(domains[2].vpmu);
    EXPECT_FALSE(domains[2].nr_spis);
    EXPECT_TRUE(domains.says("error: /chosen/b: memory has to be the guest's RAM in KiB"));
    EXPECT_TRUE(domains.says("error: /chosen/b: cpus has to be the number of vCPUs"));
    EXPECT_TRUE(domains.says("error: /chosen/b: the kernel is missing"));
    EXPECT_EQ(domains.report.errors(), 3U);
}

TEST(DomainDescription, a_tree_without_domains_is_fine)
{
    EXPECT_EQ(Domains{""}.all.size(), 0U);
    DomainDescriptions none;
    Report report;
    read_domains(CompiledTree{"/ { };"}.tree(), {}, none, report);
    EXPECT_EQ(none.size() + report.errors(), 0U);
}

TEST(DomainDescription, vectors_are_as_long_as_asked_for_and_no_longer_than_the_machines)
{
    for (const auto& [asked, bits] :
         {std::pair{"", 0U}, {"sve = <0>;", 0U}, {"sve = <384>;", 384U}, {"sve;", 512U}}) {
        const Domains domains{domain("d", 1, asked)};
        EXPECT_EQ(domains.report.text(), "") << asked;
        EXPECT_EQ(domains[0].sve_bits, bits) << asked;
    }
    for (const auto* asked : {"sve = <64>;", "sve = <640>;", "sve = \"all\";", "sve = <0 128>;"}) {
        const Domains domains{domain("d", 1, asked)};
        EXPECT_TRUE(domains[0].is_wrong) << asked;
        EXPECT_TRUE(domains.says("/chosen/d: sve has to be the bits of a vector, a multiple of 128 "
                                 "up to 512, or empty for all of them"))
            << asked;
    }
    for (const auto* asked : {"sve = <128>;", "sve;"}) {
        const Domains domains{domain("d", 1, asked), {.cpus = 4, .vcpus = 8}};
        EXPECT_TRUE(domains[0].is_wrong) << asked;
        EXPECT_TRUE(domains.says("/chosen/d: sve: not all CPUs have SVE; remove it")) << asked;
    }
}

TEST(DomainDescription, more_domains_than_there_is_room_for_are_reported)
{
    std::string nodes;
    for (int i = 0; i < 33; ++i)
        nodes += domain("d" + std::to_string(i), 1);
    const Domains domains{nodes};
    EXPECT_EQ(domains.all.size(), 32U);
    EXPECT_TRUE(domains.says("/chosen/d32: there is room for 32 domains"));
}

/// A node's properties in place of those of a good domain, and what is said about it.
std::string said_about(std::string_view properties)
{
    const Domains domains{"d { compatible = \"xen,domain\";" + std::string{properties} +
                          std::string{good_kernel} + "};"};
    EXPECT_EQ(domains[0].is_wrong, domains.report.errors() != 0) << properties;
    return std::string{domains.report.text()};
}

TEST(DomainDescription, memory_is_whole_pages_and_fits_the_guests_address_space)
{
    EXPECT_EQ(said_about("cpus = <1>; memory = <0x20000>;"), "");
    EXPECT_EQ(said_about("cpus = <1>; memory = <0 4>;"), "");
    EXPECT_NE(said_about("cpus = <1>; memory = <0 3>;"), "");
    EXPECT_NE(said_about("cpus = <1>; memory = \"128M\";"), "");
    EXPECT_EQ(said_about("cpus = <1>; memory = <0xffffffff 0xffffffff>;"),
              "error: /chosen/d: memory = 18014398509481983 MiB, but a guest has room for 1043456 "
              "MiB\n");
    const Domains odd{"d { compatible = \"xen,domain\"; cpus = <1>; memory = <0 7>;" +
                      std::string{good_kernel} + "};"};
    EXPECT_EQ(odd[0].memory, 4_KiB);
}

TEST(DomainDescription, cpus_are_bounded_by_the_interrupt_controller_and_by_room)
{
    EXPECT_EQ(said_about("memory = <0 4096>; cpus = <9>;"),
              "error: /chosen/d: cpus = 9, but a domain has at most 8 vCPUs here\n");
    EXPECT_EQ(said_about("memory = <0 4096>; cpus = <0>;"),
              "error: /chosen/d: cpus has to be the number of vCPUs: cpus = <1>\n");
    EXPECT_NE(said_about("memory = <0 4096>; cpus = <1 1>;"), "");
    const Domains many{domain("d", 33), {.cpus = 4, .vcpus = 128}};
    EXPECT_TRUE(many.says("at most 32 vCPUs here"));
}

TEST(DomainDescription, spis_are_bounded_by_the_gic_and_the_uart_needs_one)
{
    const std::string base = "memory = <0 4096>; cpus = <1>;";
    EXPECT_EQ(said_about(base + "nr_spis = <0>;"), "");
    EXPECT_EQ(said_about(base + "nr_spis = <988>;"), "");
    EXPECT_EQ(said_about(base + "nr_spis = <989>;"),
              "error: /chosen/d: nr_spis has to be a number of SPIs from 0 to 988\n");
    EXPECT_EQ(said_about(base + "nr_spis = <0>; vpl011;"),
              "error: /chosen/d: nr_spis has to be a number of SPIs from 1 to 988\n");
    EXPECT_NE(said_about(base + "nr_spis;"), "");
}

TEST(DomainDescription, what_is_not_supported_says_so_and_what_would_be)
{
    const std::string base = "memory = <0 4096>; cpus = <1>;";
    for (const std::string name : {"llc-colors", "v8r_el1_msa"})
        EXPECT_EQ(said_about(base + name + ";"),
                  "error: /chosen/d: " + name + " is not supported; remove it\n");
    const struct {
        std::string name, asks, neutral;
    } values[] = {
        {"xen,sci_type", "\"scmi_smc\"", "\"none\""},
        {"capabilities", "<1>", "<0>"},
    };
    for (const auto& [name, asks, neutral] : values) {
        const auto property = [&](const std::string& value) {
            return base + name + (value.empty() ? "" : " = ") + value + ";";
        };
        EXPECT_TRUE(said_about(property(asks))
                        .starts_with("error: /chosen/d: " + name +
                                     " is not supported; remove it or make it "))
            << name << asks;
        EXPECT_EQ(said_about(property(neutral)), "");
    }
}

TEST(DomainDescription, accesses_to_nothing_abort_unless_the_tree_says_otherwise)
{
    const auto ignores = [](std::string_view property) {
        return Domains{domain("d", 1, property)}[0].ignores_unmapped;
    };
    EXPECT_FALSE(ignores(""));
    EXPECT_FALSE(ignores("trap-unmapped-accesses = <1>;"));
    EXPECT_TRUE(ignores("trap-unmapped-accesses = <0>;"));
    const std::string base = "memory = <0 4096>; cpus = <1>; trap-unmapped-accesses";
    for (const auto* const wrong : {" = <2>;", ";", " = <0 0>;"})
        EXPECT_EQ(said_about(base + wrong), "error: /chosen/d: trap-unmapped-accesses has to be "
                                            "<0> (read ones) or <1> (abort)\n");
}

TEST(DomainDescription, passthrough_is_on_or_off)
{
    const std::string base = "memory = <0 4096>; cpus = <1>; passthrough";
    EXPECT_EQ(said_about(base + " = \"enabled\";"), "");
    EXPECT_EQ(said_about(base + " = \"disabled\";"), "");
    for (const auto* const wrong : {" = \"on\";", ";", " = <1>;"})
        EXPECT_EQ(said_about(base + wrong),
                  "error: /chosen/d: passthrough has to be \"enabled\" or \"disabled\"\n");
    const Domains both{domain("d", 1, R"(passthrough = "disabled"; t { compatible =
        "multiboot,device-tree", "multiboot,module"; reg = <0 0x4000 0 1>; };)")};
    EXPECT_TRUE(both.says("error: /chosen/d/t: passthrough = \"disabled\": remove this module"));
}

TEST(DomainDescription, xens_interface_comes_without_a_store)
{
    const Domains domains{domain("a", 1, "xen,enhanced = \"no-xenstore\";") +
                          domain("b", 1, "xen,enhanced = \"disabled\";") + domain("c", 1)};
    EXPECT_EQ(domains.report.text(), "");
    EXPECT_TRUE(domains[0].enhanced);
    EXPECT_FALSE(domains[1].enhanced);
    EXPECT_FALSE(domains[2].enhanced);
    const std::string base = "memory = <0 4096>; cpus = <1>;";
    for (const auto& [property, shown] :
         {std::pair{"xen,enhanced;", ""}, std::pair{"xen,enhanced = \"enabled\";", "enabled"}})
        EXPECT_EQ(said_about(base + property),
                  std::string{"error: /chosen/d: xen,enhanced = \""} + shown +
                      "\" is not supported: there is no xenstore; make it \"no-xenstore\", for "
                      "events, or \"disabled\"\n");
}

TEST(DomainDescription, an_unknown_property_is_answered_with_the_nearest_known_one)
{
    EXPECT_EQ(said_about("memory = <0 4096>; cpus = <1>; vpl01;"),
              "warning: /chosen/d: vpl01 is unknown; the nearest known property is vpl011\n");
    EXPECT_EQ(said_about("memory = <0 4096>; cpus = <1>; colour = <1>;"),
              "warning: /chosen/d: colour is unknown\n");
}

TEST(DomainDescription, what_follows_a_reset_or_a_crash_is_one_of_three)
{
    using domain::ShutdownAction;
    const Domains domains{domain("d", 1, R"(bulkhead,on-reset = "stop"; bulkhead,on-crash = "panic";
                                            bulkhead,watchdog-ms = <1500>;)") +
                          domain("e", 1)};
    EXPECT_EQ(domains.report.text(), "");
    EXPECT_EQ(domains[0].on_reset, ShutdownAction::stop);
    EXPECT_EQ(domains[0].on_crash, ShutdownAction::panic);
    EXPECT_EQ(domains[0].watchdog_ms, 1500U);
    EXPECT_EQ(domains[1].on_reset, ShutdownAction::restart);
    EXPECT_EQ(domains[1].on_crash, ShutdownAction::stop);
    EXPECT_EQ(domains[1].watchdog_ms, 0U);

    const Domains wrong{domain("d", 1, R"(bulkhead,on-reset = "reboot"; bulkhead,on-crash;
                                          bulkhead,watchdog-ms = <0>;)")};
    EXPECT_TRUE(wrong[0].is_wrong);
    EXPECT_TRUE(wrong.says("error: /chosen/d: bulkhead,on-reset = \"reboot\" has to be "
                           "\"restart\", \"stop\" or \"panic\"\n"));
    EXPECT_TRUE(wrong.says("error: /chosen/d: bulkhead,on-crash = \""));
    EXPECT_TRUE(wrong.says("error: /chosen/d: bulkhead,watchdog-ms has to be a number of "
                           "milliseconds, from 1 on\n"));
}

TEST(DomainDescription, modules_are_one_kernel_and_at_most_one_ramdisk_and_partial_tree)
{
    const Domains domains{domain("d", 1, R"(
        k { compatible = "multiboot,kernel", "multiboot,module"; reg = <0 0x1000 0 1>; };
        r { compatible = "multiboot,ramdisk", "multiboot,module"; reg = <0 0x2000 0 1>; };
        s { compatible = "multiboot,ramdisk", "multiboot,module"; reg = <0 0x3000 0 1>; };
        t { compatible = "multiboot,device-tree", "multiboot,module"; reg = <0 0x4000 0 1>; };
        u { compatible = "multiboot,device-tree", "multiboot,module"; reg = <0 0x4000 0 1>; };
        x { compatible = "xen,xsm-policy", "multiboot,module"; reg = <0 0x5000 0 1>; };)")};
    EXPECT_TRUE(domains[0].is_wrong);
    EXPECT_EQ(domains[0].kernel.node.name(), "k");
    EXPECT_TRUE(domains.says("error: /chosen/d/kernel@60000000: the domain has such a module"));
    EXPECT_TRUE(domains.says("error: /chosen/d/s: the domain has such a module already"));
    ASSERT_TRUE(domains[0].device_tree);
    EXPECT_EQ(domains[0].device_tree->node.name(), "t");
    EXPECT_TRUE(domains.says("error: /chosen/d/u: the domain has such a module already"));
    EXPECT_TRUE(domains.says("warning: /chosen/d/x: not a kernel, a ramdisk or a partial device"));

    const Domains broken{domain("d", 1, "", R"(k { compatible = "multiboot,kernel",
                                                   "multiboot,module"; reg = <0 1>; };)")};
    EXPECT_TRUE(broken[0].is_wrong);
    EXPECT_TRUE(broken.says("error: /chosen/d/k: reg has to be"));
}

TEST(DomainDescription, a_vcpu_node_names_its_vcpu_and_cpus_that_exist)
{
    const auto vcpu = [](std::string_view properties) {
        const Domains domains{
            domain("d", 2, "v { compatible = \"xen,vcpu\";" + std::string{properties} + "};")};
        EXPECT_EQ(domains[0].is_wrong, domains.report.errors() != 0);
        return domains[0].is_wrong ? std::string{domains.report.text()}
                                   : std::to_string(domains[0].hard_affinity[1]);
    };
    EXPECT_EQ(vcpu("id = <1>; hard-affinity = \"3\";"), "8");
    EXPECT_EQ(vcpu("id = <1>; hard-affinity = \"0,2-3\";"), "13");
    EXPECT_EQ(vcpu("id = <1>; hard-affinity = \"0x1-03\";"), "14");
    EXPECT_EQ(vcpu("id = <2>;"), "error: /chosen/d/v: id has to be a vCPU of the domain: 0 to 1\n");
    EXPECT_EQ(vcpu(""), "error: /chosen/d/v: id has to be a vCPU of the domain: 0 to 1\n");
    EXPECT_EQ(vcpu("id = <1>; hard-affinity = \"2-4\";"),
              "error: /chosen/d/v: hard-affinity = \"2-4\" has to list CPUs from 0 to 3, as "
              "\"0-1,3\"\n");
    for (const std::string list :
         {"", "3-2", "x", "1-", "-1", "1,,2", "1 2", "99999999999999999999", "0-64"})
        EXPECT_TRUE(vcpu("id = <1>; hard-affinity = \"" + list + "\";").starts_with("error:"))
            << list;
    EXPECT_TRUE(vcpu("id = <1>; hard-affinity = <1>;").starts_with("error:"));

    const Domains twice{domain("d", 2, R"(a { compatible = "xen,vcpu"; id = <1>; };
                                          b { compatible = "xen,vcpu"; id = <1>; };)")};
    EXPECT_TRUE(twice.says("error: /chosen/d/b: id = 1 is another node's already"));
}

/// A domain whose vCPUs have these affinities.
std::string pinned(std::string_view name, std::initializer_list<std::string_view> affinities)
{
    std::string nodes;
    unsigned id = 0;
    for (const auto affinity : affinities) {
        const auto number = std::to_string(id++);
        nodes += "v" + number + " { compatible = \"xen,vcpu\"; id = <" + number + ">;";
        if (!affinity.empty()) nodes += "hard-affinity = \"" + std::string{affinity} + "\";";
        nodes += "};";
    }
    return domain(name, id, nodes);
}

/// The CPUs of all domains that are not wrong: "0 1/2".
std::string placed(Domains& domains, unsigned cpus = 4)
{
    place_vcpus(domains.all, 0, bits(cpus - 1, 0), domains.report);
    std::string text;
    for (const auto& one : domains.all) {
        if (one.is_wrong) {
            text += "wrong/";
            continue;
        }
        for (unsigned vcpu = 0; vcpu < one.vcpus; ++vcpu)
            text += std::to_string(one.cpus[vcpu].value()) + " ";
        text.back() = '/';
    }
    text.pop_back();
    return text;
}

TEST(Placement, without_affinity_cpus_are_taken_in_order)
{
    Domains domains{domain("a", 2) + domain("b", 1)};
    EXPECT_EQ(placed(domains), "0 1/2");
    EXPECT_EQ(domains.report.text(), "");
}

TEST(Placement, a_vcpu_that_may_go_elsewhere_makes_room)
{
    Domains one{domain("a", 1) + pinned("b", {"0"})};
    EXPECT_EQ(placed(one), "1/0");
    Domains chain{pinned("a", {"0,1", "1,2", "2,3"}) + pinned("b", {"0"})};
    EXPECT_EQ(placed(chain), "1 2 3/0");
    Domains backwards{pinned("a", {"0-3", "0-2", "0-1", "0"})};
    EXPECT_EQ(placed(backwards), "3 2 1 0");
}

TEST(Placement, a_domain_with_more_vcpus_than_cpus_are_free_is_wrong)
{
    Domains domains{domain("a", 3) + domain("b", 2) + domain("c", 1)};
    EXPECT_EQ(placed(domains), "0 1 2/wrong/3");
    EXPECT_TRUE(domains.says("error: /chosen/b: cpus = 2, but 1 of 4 CPUs are free"));
}

TEST(Placement, a_domain_whose_affinity_cannot_be_met_leaves_the_others_alone)
{
    Domains domains{pinned("a", {"1"}) + pinned("b", {"", "1"}) + domain("c", 3)};
    EXPECT_EQ(placed(domains), "1/wrong/0 2 3");
    EXPECT_TRUE(domains.says("error: /chosen/b: hard-affinity leaves no CPU for vCPU 1: those it "
                             "may have (mask 0x2)"));
    Domains three_in_two{pinned("a", {"2-3", "2-3", "2-3"})};
    EXPECT_EQ(placed(three_in_two), "wrong");
}

TEST(Placement, a_full_machine_of_pinned_vcpus_is_placed)
{
    constexpr unsigned cpus = max_cpus;
    std::string nodes;
    for (unsigned i = 0; i < cpus; ++i) {
        // Everyone wants the low CPUs; the last may only have the first.
        const std::string list = "0-" + std::to_string(cpus - 1 - i);
        nodes += pinned("d" + std::to_string(i), {list});
    }
    Domains domains{nodes, {.cpus = cpus, .vcpus = 8}};
    std::string expected;
    for (unsigned i = 0; i < cpus; ++i)
        expected += std::to_string(cpus - 1 - i) + "/";
    expected.pop_back();
    EXPECT_EQ(placed(domains, cpus), expected);
}

TEST(Placement, domains_that_are_wrong_already_take_no_cpu)
{
    Domains domains{"a { compatible = \"xen,domain\"; cpus = <4>; };" + domain("b", 4)};
    EXPECT_EQ(placed(domains), "wrong/0 1 2 3");
}

TEST(Placement, what_does_not_move_with_a_vcpu_is_refused_where_cpus_are_shared)
{
    Domains domains{domain("a", 1, "vpmu;") + domain("b", 1, "sve;") + domain("c", 1)};
    EXPECT_EQ(domains.report.text(), "");
    spread_vcpus(domains.all, 0, 0b1111, domains.report);
    EXPECT_EQ(domains.report.text(),
              "error: /chosen/a: vpmu needs CPUs that are not shared: scheduler null, or no vpmu\n"
              "error: /chosen/b: sve needs CPUs that are not shared: scheduler null, or no sve\n");
    EXPECT_FALSE(domains[2].is_wrong);
}

/// A module of a domain, which is also all of the domain's RAM that matters here.
std::string with_kernel_at(std::string_view name, std::string_view reg)
{
    return domain(name, 1, "",
                  "k { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <" +
                      std::string{reg} + ">; };");
}

struct Map {
    Map()
    {
        (void)map->ram.add({.start = PhysicalAddress{0x4000'0000}, .size = 0x4000'0000});
        (void)map->reserved.push({.start = PhysicalAddress{0x7000'0000}, .size = 0x1000});
        (void)map->header_reserved.push({.start = PhysicalAddress{0x6000'0000}, .size = 0x1000});
    }
    std::unique_ptr<devicetree::MemoryMap> map = std::make_unique<devicetree::MemoryMap>();
};

std::string checked(std::string_view nodes)
{
    Domains domains{nodes};
    const Occupied occupied[] = {
        {.range = {.start = PhysicalAddress{0x4000'0000}, .size = 0x10'0000}, .by = "Bulkhead"}};
    test::PhysicalMemory memory{2_MiB};
    memory::PhysicalRanges ram;
    (void)ram.add(memory.range());
    memory::page_pool().use(ram);
    check_claims(domains.all, {}, *Map{}.map, occupied, domains.report);
    for (const auto& one : domains.all)
        EXPECT_EQ(one.is_wrong, domains.report.errors() != 0);
    return std::string{domains.report.text()};
}

TEST(Modules, in_ram_that_is_nobodys_are_fine)
{
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x40100000 0 0x1000") +
                      with_kernel_at("b", "0 0x40101000 0 0x1000")),
              "");
    // The boot loader may have reserved the module itself.
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x60000000 0 0x1000")), "");
}

TEST(Modules, may_be_shared_by_domains_but_not_overlap)
{
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x50000000 0 0x1000") +
                      with_kernel_at("b", "0 0x50000000 0 0x1000")),
              "");
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x50000000 0 0x1001") +
                      with_kernel_at("b", "0 0x50001000 0 0x1000")),
              "error: /chosen/b/k: reg = 0x50001000 to 0x50002000 overlaps /chosen/a/k\n");
}

TEST(Modules, outside_of_ram_or_in_someones_memory_are_wrong)
{
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x7ffff000 0 0x2000")),
              "error: /chosen/a/k: reg = 0x7ffff000 to 0x80001000 is not in RAM\n");
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x6ffff000 0 0x1001")),
              "error: /chosen/a/k: reg = 0x6ffff000 to 0x70000001 overlaps a node of "
              "/reserved-memory\n");
    EXPECT_EQ(checked(with_kernel_at("a", "0 0x400ff000 0 0x2000")),
              "error: /chosen/a/k: reg = 0x400ff000 to 0x40101000 overlaps Bulkhead\n");
}

TEST(Memory, domains_get_theirs_in_order_until_it_is_used_up)
{
    Domains domains{domain("a", 1) + domain("b", 1) + domain("c", 1)};
    check_memory(domains.all, 256_MiB, domains.report);
    EXPECT_FALSE(domains[0].is_wrong);
    EXPECT_FALSE(domains[1].is_wrong);
    EXPECT_TRUE(domains[2].is_wrong);
    EXPECT_EQ(domains.report.text(),
              "error: /chosen/c: memory = 128 MiB, but 0 MiB are free (a 128, b 128 of 256 MiB)\n");
}

TEST(Memory, a_first_domain_that_is_too_large_is_compared_with_all_there_is)
{
    Domains domains{domain("a", 1)};
    check_memory(domains.all, 100_MiB, domains.report);
    EXPECT_EQ(domains.report.text(),
              "error: /chosen/a: memory = 128 MiB, but 100 MiB are free (100 MiB)\n");
}

} // namespace
} // namespace bulkhead::boot
