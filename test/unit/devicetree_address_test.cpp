#include "devicetree/address.hpp"
#include "devicetree/interrupt.hpp"
#include "unit/device_tree_source.hpp"

#include <gtest/gtest.h>

namespace bulkhead::devicetree {
namespace {

using memory::PhysicalRange;
using test::CompiledTree;

constexpr PhysicalRange range(std::uint64_t start, std::uint64_t size)
{
    return {.start = PhysicalAddress{start}, .size = size};
}

TEST(Address, reg_is_read_in_the_cells_of_the_parent)
{
    const CompiledTree compiled{R"(/ { #address-cells = <1>; #size-cells = <2>;
        a { reg = <0x1000 0x1 0x2000>, <0x5000 0 0x10>; #address-cells = <7>; }; };)"};
    const auto node = *compiled.tree().at_path("/a");
    EXPECT_EQ(written_range(node, "reg", 0), range(0x1000, 0x1'0000'2000));
    EXPECT_EQ(written_range(node, "reg", 1), range(0x5000, 0x10));
    EXPECT_EQ(written_range(node, "reg", 2).error(), Error::no_entry);
    EXPECT_EQ(written_range(node, "other", 0).error(), Error::no_entry);
    EXPECT_EQ(written_range(compiled.tree().root(), "reg", 0).error(), Error::no_entry);
}

TEST(Address, a_range_that_is_cut_short_or_wraps_around_is_invalid)
{
    const CompiledTree compiled{R"(/ { #address-cells = <2>; #size-cells = <2>;
        cut { reg = <0 0x1000 0>; };
        wraps { reg = <0xffffffff 0xfffff000 0 0x2000>; };
        last { reg = <0xffffffff 0xfffff000 0 0xfff>; }; };)"};
    const auto tree = compiled.tree();
    EXPECT_EQ(written_range(*tree.at_path("/cut"), "reg", 0).error(), Error::invalid);
    EXPECT_EQ(written_range(*tree.at_path("/wraps"), "reg", 0).error(), Error::invalid);
    EXPECT_TRUE(written_range(*tree.at_path("/last"), "reg", 0));
}

TEST(Address, absurd_cell_counts_are_invalid)
{
    for (const auto* cells : {"<3>", "<0x80000000>", "<0xffffffff>", "[01]", "\"one\""}) {
        const CompiledTree compiled{std::string{"/ { #size-cells = <1>; #address-cells = "} +
                                    cells + "; a { reg = <0 1 2 3 4 5 6 7>; }; };"};
        const auto read = written_range(*compiled.tree().at_path("/a"), "reg", 0);
        EXPECT_FALSE(read) << cells;
    }
    const CompiledTree none{"/ { #address-cells = <0>; #size-cells = <0>; a { reg = <1>; }; };"};
    EXPECT_EQ(written_range(*none.tree().at_path("/a"), "reg", 5), range(0, 0));
}

TEST(Address, every_bus_translates)
{
    const CompiledTree compiled{R"(/ { #address-cells = <2>; #size-cells = <2>;
        soc { #address-cells = <1>; #size-cells = <1>;
              ranges = <0x7e000000 0x0 0xfe000000 0x01800000>, <0x40000000 0x4 0x0 0x1000>;
              bus { ranges; uart { reg = <0x7e201000 0x200>; }; };
              local { reg = <0x40000ff0 0x10>; };
              beyond { reg = <0x40000ff0 0x11>; };
              nowhere { reg = <0x1000 0x10>; };
              shut { #address-cells = <1>; device { reg = <0x7e201000 0x200>; }; };
        }; };)"};
    const auto tree = compiled.tree();
    EXPECT_EQ(registers(*tree.at_path("/soc/bus/uart"), 0), range(0xfe20'1000, 0x200));
    EXPECT_EQ(registers(*tree.at_path("/soc/local"), 0), range(0x4'0000'0ff0, 0x10));
    EXPECT_EQ(registers(*tree.at_path("/soc/beyond"), 0).error(), Error::bad_address);
    EXPECT_EQ(registers(*tree.at_path("/soc/nowhere"), 0).error(), Error::bad_address);
    EXPECT_EQ(registers(*tree.at_path("/soc/shut/device"), 0).error(), Error::bad_address);
}

TEST(Address, a_broken_bus_translates_nothing)
{
    const CompiledTree compiled{R"(/ { #address-cells = <2>; #size-cells = <2>;
        pci { #address-cells = <3>; ranges = <0 0 0 0 0 0 1>; d { reg = <0 0 0 0 1>; }; };
        none { #address-cells = <0>; #size-cells = <0>; ranges = <1>; d { reg = <1>; }; };
        wraps { #address-cells = <1>; #size-cells = <1>;
                ranges = <0 0xffffffff 0xfffff000 0x10000>; d { reg = <0x800 0x1000>; }; };
        cut { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0>; d { reg = <0 1>; }; };
    };)"};
    const auto tree = compiled.tree();
    for (const auto* path : {"/pci/d", "/none/d", "/wraps/d", "/cut/d"})
        EXPECT_FALSE(registers(*tree.at_path(path), 0)) << path;
}

constexpr auto gic_and_devices = R"(/ { interrupt-parent = <1>;
    gic { phandle = <1>; interrupt-controller; #interrupt-cells = <3>; };
    gic4 { phandle = <2>; interrupt-controller; #interrupt-cells = <4>; };
    pic { phandle = <3>; interrupt-controller; #interrupt-cells = <1>; };
    not { phandle = <4>; #interrupt-cells = <3>; };
    inherits { interrupts = <0 5 4>, <1 9 0xf08>, <0 6 1>, <1 2 2>; };
    own { interrupt-parent = <2>; device { interrupts = <1 9 4 7>, <0 1 1 0>; }; };
    other { interrupt-parent = <3>; interrupts = <0 5 4>; };
    plain { interrupt-parent = <4>; interrupts = <0 5 4>; };
    lost { interrupt-parent = <99>; interrupts = <0 5 4>; };
    text { interrupt-parent = "gic"; interrupts = <0 5 4>; };
    wrong { interrupts = <0 988 4>, <1 16 4>, <2 0 4>, <0xffffffff 0 4>, <0 0xffffffff 4>; };
    last { interrupts = <0 987 4>, <1 15 4>, <0 1>; };
};)";

TEST(Interrupt, shared_ones_start_at_32_and_private_ones_at_16)
{
    const CompiledTree compiled{gic_and_devices};
    const auto tree = compiled.tree();
    const auto node = *tree.at_path("/inherits");
    EXPECT_EQ(interrupt(tree, node, 0), (Interrupt{.intid = Intid{37}, .edge = false}));
    EXPECT_EQ(interrupt(tree, node, 1), (Interrupt{.intid = Intid{25}, .edge = false}));
    EXPECT_EQ(interrupt(tree, node, 2), (Interrupt{.intid = Intid{38}, .edge = true}));
    EXPECT_EQ(interrupt(tree, node, 3), (Interrupt{.intid = Intid{18}, .edge = true}));
    EXPECT_EQ(interrupt(tree, node, 4).error(), Error::no_entry);
}

TEST(Interrupt, the_nearest_interrupt_parent_above_decides)
{
    const CompiledTree compiled{gic_and_devices};
    const auto tree = compiled.tree();
    const auto device = *tree.at_path("/own/device");
    EXPECT_EQ(interrupt(tree, device, 0), (Interrupt{.intid = Intid{25}, .edge = false}));
    EXPECT_EQ(interrupt(tree, device, 1), (Interrupt{.intid = Intid{33}, .edge = true}));
}

TEST(Interrupt, another_controller_is_not_supported)
{
    const CompiledTree compiled{gic_and_devices};
    const auto tree = compiled.tree();
    EXPECT_EQ(interrupt(tree, *tree.at_path("/other"), 0).error(), Error::not_supported);
    EXPECT_EQ(interrupt(tree, *tree.at_path("/plain"), 0).error(), Error::not_supported);
    EXPECT_EQ(interrupt(tree, *tree.at_path("/lost"), 0).error(), Error::invalid);
    EXPECT_EQ(interrupt(tree, *tree.at_path("/text"), 0).error(), Error::invalid);
}

TEST(Interrupt, numbers_outside_of_the_gics_are_invalid)
{
    const CompiledTree compiled{gic_and_devices};
    const auto tree = compiled.tree();
    for (std::size_t index = 0; index < 5; ++index)
        EXPECT_EQ(interrupt(tree, *tree.at_path("/wrong"), index).error(), Error::invalid) << index;
    EXPECT_EQ(interrupt(tree, *tree.at_path("/last"), 0)->intid, Intid{1019});
    EXPECT_EQ(interrupt(tree, *tree.at_path("/last"), 1)->intid, Intid{31});
    EXPECT_EQ(interrupt(tree, *tree.at_path("/last"), 2).error(), Error::no_entry);
}

} // namespace
} // namespace bulkhead::devicetree
