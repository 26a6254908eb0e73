#include "partial_tree.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

/// A GIC, a clock that needs no driver and one that does, a bus that moves its devices' addresses,
/// and devices.
DeviceTree machine()
{
    DeviceTree tree = DeviceTree::empty();
    const auto node = [&](const std::string& path, const MemoryRange& registers) {
        tree.add_node(path);
        if (registers.size != 0) tree.set_reg(path, {&registers, 1});
    };
    const auto bytes = [&](const std::string& path, const std::string& name,
                           std::initializer_list<std::uint32_t> cells) {
        std::string value;
        for (const std::uint32_t cell : cells)
            for (const unsigned shift : {24U, 16U, 8U, 0U})
                value += static_cast<char>(cell >> shift & 0xffU);
        tree.set_bytes(path, name, value);
    };
    tree.set_cell("/", "#address-cells", 2);
    tree.set_cell("/", "#size-cells", 2);
    tree.set_cell("/", "interrupt-parent", 1);
    node("/gic@8000000", {0x800'0000, 0x1'0000});
    tree.set_cell("/gic@8000000", "phandle", 1);
    tree.set_text("/gic@8000000", "compatible", "arm,gic-v3");
    node("/clock", {});
    tree.set_cell("/clock", "phandle", 2);
    tree.set_text("/clock", "compatible", "fixed-clock");
    node("/firmware", {});
    tree.set_cell("/firmware", "phandle", 3);
    node("/rtc@9010000", {0x901'0000, 0x1000});
    bytes("/rtc@9010000", "interrupts", {0, 2, 4});
    bytes("/rtc@9010000", "clocks", {2});
    tree.set_text("/rtc@9010000", "clock-names", "apb_pclk");
    tree.set_text("/rtc@9010000", "status", "disabled");
    bytes("/rtc@9010000", "pinctrl-0", {9});
    bytes("/rtc@9010000", "iommus", {9, 1});
    node("/bus", {});
    tree.set_cell("/bus", "#address-cells", 1);
    tree.set_cell("/bus", "#size-cells", 1);
    bytes("/bus", "ranges", {0x1000, 0, 0xff00'0000, 0x1'0000});
    node("/bus/i2c@1800", {0x1800, 0x100});
    bytes("/bus/i2c@1800", "clocks", {3, 5});
    tree.set_text("/bus/i2c@1800", "clock-names", "pclk");
    tree.add_node("/bus/i2c@1800/sensor");
    tree.set_text("/bus/i2c@1800/sensor", "compatible", "vendor,sensor");
    node("/island", {});
    tree.set_cell("/island", "#address-cells", 2);
    tree.set_cell("/island", "#size-cells", 2);
    node("/island/secret@0", {0, 0x1000});
    node("/keys@9040000", {0x904'0000, 0x1000});
    tree.set_cell("/keys@9040000", "interrupt-parent", 3);
    bytes("/keys@9040000", "interrupts", {3});
    return tree;
}

Given<std::vector<std::string>> given(std::vector<std::string> devices)
{
    return {std::move(devices), {"devices", "[...]", 7}};
}

TEST(PartialTree, hands_over_the_node_with_its_registers_its_interrupt_and_its_fixed_clock)
{
    Problems problems;
    const DeviceTree tree = partial_tree(machine(), given({"/rtc@9010000"}), problems);
    EXPECT_EQ(problems.shown("FILE"), "");
    const std::string rtc = "/passthrough/rtc@9010000";
    ASSERT_TRUE(tree.has_node(rtc));
    EXPECT_EQ(tree.reg(rtc), (std::vector<MemoryRange>{{0x901'0000, 0x1000}}));
    EXPECT_EQ(tree.cells(rtc, "xen,reg"),
              (std::vector<std::uint32_t>{0, 0x901'0000, 0, 0x1000, 0, 0x901'0000}));
    EXPECT_EQ(tree.text(rtc, "xen,path"), "/rtc@9010000");
    EXPECT_TRUE(tree.has_property(rtc, "xen,force-assign-without-iommu"));
    EXPECT_EQ(tree.cells(rtc, "interrupts"), (std::vector<std::uint32_t>{0, 2, 4}));
    EXPECT_EQ(tree.cells(rtc, "interrupt-parent"), std::vector<std::uint32_t>{1});
    EXPECT_EQ(tree.cells("/gic", "phandle"), std::vector<std::uint32_t>{1});
    EXPECT_EQ(tree.cells(rtc, "clocks"), std::vector<std::uint32_t>{2});
    EXPECT_EQ(tree.cells("/passthrough/clock", "phandle"), std::vector<std::uint32_t>{2});
    for (const char* gone : {"status", "pinctrl-0", "iommus"})
        EXPECT_FALSE(tree.has_property(rtc, gone)) << gone;
}

TEST(PartialTree, registers_are_where_the_cpu_sees_them_and_assigned_by_the_page)
{
    Problems problems;
    const DeviceTree tree = partial_tree(machine(), given({"/bus/i2c@1800"}), problems);
    EXPECT_EQ(problems.shown("FILE"), "");
    const std::string i2c = "/passthrough/i2c@1800";
    EXPECT_EQ(tree.reg(i2c), (std::vector<MemoryRange>{{0xff00'0800, 0x100}}));
    EXPECT_EQ(tree.cells(i2c, "xen,reg"),
              (std::vector<std::uint32_t>{0, 0xff00'0000, 0, 0x1000, 0, 0xff00'0000}));
    EXPECT_EQ(tree.text(i2c + "/sensor", "compatible"), "vendor,sensor");
    // Its clock is the firmware's.
    EXPECT_FALSE(tree.has_property(i2c, "clocks"));
    EXPECT_FALSE(tree.has_property(i2c, "clock-names"));
}

TEST(PartialTree, what_cannot_be_handed_over_is_said_with_what_could)
{
    const auto said_about = [](const std::string& device) {
        Problems problems;
        (void)partial_tree(machine(), given({device}), problems);
        return problems.shown("FILE");
    };
    EXPECT_EQ(said_about("/rtc@901000"), "FILE:7: devices = [...]: the machine's tree has no node "
                                         "/rtc@901000; did you mean \"/rtc@9010000\"?\n");
    EXPECT_TRUE(said_about("/clock").contains("/clock has no registers that the CPU reaches"));
    EXPECT_TRUE(said_about("/island/secret@0").contains("has no registers that the CPU reaches"));
    EXPECT_TRUE(said_about("/keys@9040000").contains("come from /firmware, not from the GIC"));
    Problems problems;
    (void)partial_tree(machine(), given({"/rtc@9010000", "/rtc@9010000"}), problems);
    EXPECT_TRUE(problems.shown("FILE").contains("names rtc@9010000 twice"));
}

} // namespace
} // namespace bulkhead::tool
