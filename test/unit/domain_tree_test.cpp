#include "boot/domain_tree.hpp"

#include "devicetree/tree_writer.hpp"
#include "unit/device_tree_source.hpp"

#include <array>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace bulkhead::boot {
namespace {

using namespace device::guest_layout;
using devicetree::Node;
using devicetree::Tree;
using devicetree::TreeWriter;
using test::CompiledTree;

using Buffer = std::array<std::byte, 16384>;

/// Every node and property in the tree's order, one a line.
std::string listing(const Tree& tree)
{
    std::string text;
    const std::function<void(const Node&, std::string)> list = [&](const Node& node,
                                                                   const std::string& path) {
        for (const auto property : node.properties()) {
            text += path + " " + std::string{property.name()};
            for (const auto byte : property.value()) {
                const auto value = std::to_integer<unsigned>(byte);
                text += {' ', "0123456789abcdef"[value >> 4], "0123456789abcdef"[value & 0xf]};
            }
            text += "\n";
        }
        for (const auto child : node.children())
            list(child, path + "/" + std::string{child.name()});
    };
    list(tree.root(), "");
    return text;
}

std::string written(const DomainMachine& machine)
{
    alignas(8) Buffer buffer{};
    const auto blob = write_domain_tree(machine, buffer);
    EXPECT_TRUE(blob);
    test::LargeNodeTable nodes;
    const auto tree = Tree::open(*blob, nodes);
    EXPECT_TRUE(tree);
    return listing(*tree);
}

constexpr Window one_bank[] = {{GuestAddress{0x4000'0000}, 0x1000'0000}};
constexpr std::string_view host_cpu{"arm,cortex-a53\0arm,armv8\0", 25};

DomainMachine small_machine()
{
    return {
        .memory = one_bank,
        .ramdisk = {},
        .bootargs = {},
        .vcpus = 1,
        .gic = device::GicVersion::v3,
        .vpl011 = false,
        .cpu_compatible = std::as_bytes(std::span{host_cpu}),
    };
}

TEST(DomainTree, a_gicv3_guest_gets_xens_tree)
{
    constexpr Window banks[] = {{GuestAddress{0x4000'0000}, 0xc000'0000},
                                {GuestAddress{0x2'0000'0000}, 0x4000'0000}};
    auto machine = small_machine();
    machine.memory = banks;
    machine.ramdisk = {GuestAddress{0x4820'0000}, 0x12'3456};
    machine.bootargs = "console=ttyAMA0 rdinit=/bin/sh";
    machine.vcpus = 2;
    machine.vpl011 = true;
    machine.watchdog = true;
    machine.pmu = Intid{23};
    machine.enhanced = true;
    machine.cpu_clock_frequency = 1'200'000'000;
    machine.timer_clock_frequency = 62'500'000;
    const CompiledTree expected{R"(/ {
        #address-cells = <2>;
        #size-cells = <2>;
        chosen {
            bootargs = "console=ttyAMA0 rdinit=/bin/sh";
            stdout-path = "/sbsa-uart@22000000";
            linux,initrd-start = <0x0 0x48200000>;
            linux,initrd-end = <0x0 0x48323456>;
        };
        psci {
            compatible = "arm,psci-1.0", "arm,psci-0.2", "arm,psci";
            method = "hvc";
            cpu_off = <1>;
            cpu_on = <2>;
        };
        cpus {
            #address-cells = <1>;
            #size-cells = <0>;
            cpu@0 {
                compatible = "arm,cortex-a53", "arm,armv8";
                device_type = "cpu";
                reg = <0>;
                enable-method = "psci";
                clock-frequency = <1200000000>;
            };
            cpu@1 {
                compatible = "arm,cortex-a53", "arm,armv8";
                device_type = "cpu";
                reg = <1>;
                enable-method = "psci";
                clock-frequency = <1200000000>;
            };
        };
        memory@40000000 {
            device_type = "memory";
            reg = <0x0 0x40000000 0x0 0xc0000000  0x2 0x0 0x0 0x40000000>;
        };
        interrupt-controller@3001000 {
            #address-cells = <0>;
            #interrupt-cells = <3>;
            interrupt-controller;
            compatible = "arm,gic-v3";
            reg = <0x0 0x03001000 0x0 0x10000  0x0 0x03020000 0x0 0x1000000>;
            linux,phandle = <0xfde8>;
            phandle = <0xfde8>;
        };
        timer {
            compatible = "arm,armv8-timer";
            interrupts = <1 13 0xf08  1 14 0xf08  1 11 0xf08  1 10 0xf08>;
            interrupt-parent = <0xfde8>;
            clock-frequency = <62500000>;
        };
        pmu {
            compatible = "arm,armv8-pmuv3";
            interrupts = <1 7 0xf04>;
            interrupt-parent = <0xfde8>;
        };
        sbsa-uart@22000000 {
            compatible = "arm,sbsa-uart";
            reg = <0x0 0x22000000 0x0 0x1000>;
            interrupts = <0 0 0xf04>;
            interrupt-parent = <0xfde8>;
            current-speed = <115200>;
        };
        hypervisor {
            compatible = "xen,xen-4.17", "xen,xen";
            reg = <0x0 0x38000000 0x0 0x01000000>;
            interrupts = <1 15 0xf08>;
            interrupt-parent = <0xfde8>;
        };
        watchdog { compatible = "arm,smc-wdt"; arm,smc-id = <0x82003d06>; };
    };)"};
    EXPECT_EQ(written(machine), listing(expected.tree()));
}

TEST(DomainTree, a_gicv2_guest_without_anything_gets_the_same_with_another_gic)
{
    auto machine = small_machine();
    machine.gic = device::GicVersion::v2;
    machine.places = gicv2_places;
    const CompiledTree expected{R"(/ {
        #address-cells = <2>;
        #size-cells = <2>;
        chosen { };
        psci {
            compatible = "arm,psci-1.0", "arm,psci-0.2", "arm,psci";
            method = "hvc";
            cpu_off = <1>;
            cpu_on = <2>;
        };
        cpus {
            #address-cells = <1>;
            #size-cells = <0>;
            cpu@0 {
                compatible = "arm,cortex-a53", "arm,armv8";
                device_type = "cpu";
                reg = <0>;
                enable-method = "psci";
            };
        };
        memory@40000000 {
            device_type = "memory";
            reg = <0x0 0x40000000 0x0 0x10000000>;
        };
        interrupt-controller@3001000 {
            #address-cells = <0>;
            #interrupt-cells = <3>;
            interrupt-controller;
            compatible = "arm,gic-400", "arm,cortex-a15-gic";
            reg = <0x0 0x03001000 0x0 0x1000  0x0 0x03002000 0x0 0x2000>;
            linux,phandle = <0xfde8>;
            phandle = <0xfde8>;
        };
        timer {
            compatible = "arm,armv8-timer";
            interrupts = <1 13 0xf08  1 14 0xf08  1 11 0xf08  1 10 0xf08>;
            interrupt-parent = <0xfde8>;
        };
    };)"};
    EXPECT_EQ(written(machine), listing(expected.tree()));
}

TEST(DomainTree, sixteen_vcpus_make_a_cluster)
{
    auto machine = small_machine();
    machine.vcpus = 32;
    const auto text = written(machine);
    EXPECT_NE(text.find("/cpus/cpu@f reg 00 00 00 0f\n"), std::string::npos);
    EXPECT_NE(text.find("/cpus/cpu@100 reg 00 00 01 00\n"), std::string::npos);
    EXPECT_NE(text.find("/cpus/cpu@10f reg 00 00 01 0f\n"), std::string::npos);
    EXPECT_EQ(text.find("/cpus/cpu@10 "), std::string::npos);
}

TEST(DomainTree, a_partial_trees_devices_are_copied_and_its_gic_is_the_guests)
{
    const CompiledTree partial{R"(/ {
        gic { phandle = <7>; };
        other { };
        aliases { rtc0 = "/passthrough/bus/rtc@9010000"; };
        passthrough {
            compatible = "simple-bus";
            ranges;
            xen,path = "/bus";
            bus {
                ranges;
                rtc@9010000 { reg = <0x9010000 0x1000>; xen,reg = <1>; interrupt-parent = <7>;
                              xen,force-assign-without-iommu; below { deep = <1>; }; };
            };
            clock { phandle = <8>; };
        };
    };)"};
    auto machine = small_machine();
    machine.vpl011 = true;
    const auto without = written(machine);
    machine.devices = partial.tree();
    const auto with = written(machine);
    const CompiledTree expected{R"(/ {
        aliases { rtc0 = "/passthrough/bus/rtc@9010000"; };
        passthrough {
            compatible = "simple-bus";
            ranges;
            bus {
                ranges;
                rtc@9010000 { reg = <0x9010000 0x1000>; interrupt-parent = <7>;
                              below { deep = <1>; }; };
            };
            clock { phandle = <8>; };
        };
    };)"};
    EXPECT_TRUE(with.ends_with(listing(expected.tree()))) << with;
    const auto count = [](const std::string& text, std::string_view what) {
        unsigned found = 0;
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
            ++found;
        return found;
    };
    EXPECT_EQ(count(without, "interrupt-parent 00 00 fd e8"), 2U);
    EXPECT_EQ(count(with, "interrupt-parent 00 00 00 07"), 3U);
    EXPECT_EQ(count(with, "phandle 00 00 00 07"), 2U);
    EXPECT_EQ(count(with, "fd e8"), 0U);
}

TEST(DomainTree, devices_are_where_the_hosts_are_with_direct_map)
{
    auto machine = small_machine();
    machine.vpl011 = true;
    machine.places = {.distributor = {GuestAddress{0x800'0000}, 0x1'0000},
                      .cpus = {GuestAddress{0x80a'0000}, 0xf6'0000},
                      .vpl011 = {GuestAddress{0x900'0000}, 0x1000},
                      .vpl011_interrupt = Intid{33},
                      .direct_map = true};
    const auto text = written(machine);
    for (const std::string part :
         {"/interrupt-controller@8000000 ", "/sbsa-uart@9000000 ",
          "reg 00 00 00 00 08 00 00 00 00 00 00 00 00 01 00 00 "
          "00 00 00 00 08 0a 00 00 00 00 00 00 00 f6 00 00\n",
          "reg 00 00 00 00 09 00 00 00 00 00 00 00 00 00 10 00\n",
          "interrupts 00 00 00 00 00 00 00 01 00 00 0f 04\n",
          // "/sbsa-uart@9000000"
          "stdout-path 2f 73 62 73 61 2d 75 61 72 74 40 39 30 30 30 30 30 30 00\n"})
        EXPECT_TRUE(text.contains(part)) << part << text;
}

TEST(DomainTree, shared_memory_of_the_domain_is_reserved_memory_as_xen_has_it)
{
    DomainDescription mine;
    DomainDescription others;
    const SharedMemory shared[] = {
        {.domain = &others, .id = "other", .guest = GuestAddress{0x5000'0000}, .host = {{}, 4096}},
        {.domain = &mine, .id = "mail", .guest = GuestAddress{0x6000'0000}, .host = {{}, 0x2000}},
    };
    auto machine = small_machine();
    machine.domain = &mine;
    const auto without = written(machine);
    machine.shared = shared;
    const auto with = written(machine);
    const CompiledTree expected{R"(/ { reserved-memory {
        #address-cells = <2>;
        #size-cells = <2>;
        ranges;
        xen-shmem@60000000 {
            compatible = "xen,shared-memory-v1";
            reg = <0 0x60000000 0 0x2000>;
            xen,id = "mail";
        }; }; };)"};
    auto nodes = listing(expected.tree());
    nodes.erase(0, nodes.find("/reserved-memory"));
    EXPECT_TRUE(with.contains(nodes)) << nodes << with;
    EXPECT_LT(with.find("/memory@"), with.find("/reserved-memory"));
    EXPECT_LT(with.find("/reserved-memory"), with.find("/interrupt-controller"));
    EXPECT_FALSE(without.contains("reserved"));
}

TEST(DomainTree, a_buffer_that_is_too_small_is_an_error_wherever_it_ends)
{
    auto machine = small_machine();
    machine.bootargs = "quiet";
    machine.vpl011 = true;
    alignas(8) Buffer buffer{};
    const auto size = write_domain_tree(machine, buffer)->size();
    for (std::size_t room = 0; room < size; room += 8)
        EXPECT_EQ(write_domain_tree(machine, std::span{buffer}.first(room)).error(),
                  Error::no_space)
            << room;
}

TEST(DomainTree, more_banks_of_memory_than_there_is_room_for_are_an_error)
{
    const std::vector<Window> banks(17, one_bank[0]);
    auto machine = small_machine();
    machine.memory = banks;
    alignas(8) Buffer buffer{};
    EXPECT_EQ(write_domain_tree(machine, buffer).error(), Error::too_big);
}

} // namespace
} // namespace bulkhead::boot
