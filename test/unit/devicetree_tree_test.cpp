#include "devicetree/tree.hpp"

#include "base/result.hpp"
#include "unit/device_tree_source.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <libfdt.h>

namespace bulkhead::devicetree {
namespace {

using test::CompiledTree;

constexpr int depth_limit = NodeTable::max_depth;

Result<Tree> opened(std::span<const std::byte> blob)
{
    static test::LargeNodeTable nodes;
    return Tree::open(blob, nodes);
}

TEST(Tree, a_blob_that_dtc_wrote_is_accepted)
{
    const CompiledTree compiled{"/ { };"};
    const auto tree = opened(compiled.blob());
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->blob().size(), compiled.blob().size());
    EXPECT_EQ(tree->root().name(), "");
    EXPECT_EQ(tree->root().path().text(), "/");
}

TEST(Tree, a_blob_may_be_followed_by_other_things)
{
    auto blob = CompiledTree{"/ { };"}.blob();
    const auto size = blob.size();
    blob.resize(size + 4096);
    ASSERT_TRUE(opened(blob));
    EXPECT_EQ(opened(blob)->blob().size(), size);
}

TEST(Tree, a_blob_cut_short_anywhere_is_refused)
{
    const auto blob = CompiledTree{"/ { a { b = <1>; }; };"}.blob();
    for (std::size_t size = 0; size < blob.size(); ++size) {
        const std::vector<std::byte> cut{blob.begin(), blob.begin() + static_cast<long>(size)};
        EXPECT_FALSE(opened(cut)) << size;
    }
}

TEST(Tree, a_blob_with_any_byte_changed_is_refused_or_can_be_walked)
{
    auto blob = CompiledTree::from_file("zcu102.dts").blob();
    for (auto& byte : blob) {
        const auto original = byte;
        for (const auto value : {std::byte{0}, std::byte{0xff}, original ^ std::byte{0x04}}) {
            byte = value;
            const auto tree = opened(blob);
            if (tree) (void)tree->compatible_with({"no,such-device"});
        }
        byte = original;
    }
}

TEST(Tree, a_property_that_is_longer_than_the_tree_is_refused)
{
    const CompiledTree compiled{"/ { b = <1>; };"};
    for (const std::uint32_t size : {9U, 0x7fff'fff0U, 0x8000'0000U, 0xffff'fff4U, ~0U}) {
        auto blob = compiled.blob();
        // The root's token and name, then the property's token and size.
        auto* const field = blob.data() + fdt_off_dt_struct(blob.data()) + 12;
        ASSERT_EQ(fdt32_ld(reinterpret_cast<fdt32_t*>(field)), 4U);
        fdt32_st(field, size);
        EXPECT_FALSE(opened(blob)) << size;
    }
}

TEST(Tree, two_roots_are_refused)
{
    auto blob = CompiledTree{"/ { a { }; };"}.blob();
    // The root ends where its child began.
    auto* const structure = blob.data() + fdt_off_dt_struct(blob.data());
    fdt32_st(structure + 8, FDT_END_NODE);
    fdt32_st(structure + 12, FDT_BEGIN_NODE);
    fdt32_st(structure + 16, 0);
    fdt32_st(structure + 20, FDT_END_NODE);
    EXPECT_EQ(opened(blob).error(), Error::invalid);
}

TEST(Tree, a_blob_need_not_be_aligned)
{
    const auto blob = CompiledTree{"/ { a { phandle = <7>; }; };"}.blob();
    std::vector<std::byte> moved(blob.size() + 3);
    std::ranges::copy(blob, moved.begin() + 3);
    EXPECT_EQ(opened(std::span{moved}.subspan(3))->with_phandle(7)->name(), "a");
}

TEST(Tree, a_blob_larger_than_two_mebibytes_is_refused)
{
    auto blob = CompiledTree{"/ { };"}.blob();
    blob.resize(Tree::max_size + 8);
    fdt_set_totalsize(blob.data(), static_cast<std::uint32_t>(blob.size()));
    EXPECT_EQ(opened(blob).error(), Error::too_big);
}

TEST(Tree, a_tree_that_is_nested_too_deep_is_refused)
{
    const auto nested = [](int depth) {
        std::string text;
        for (int i = 1; i < depth; ++i)
            text += "n {";
        for (int i = 1; i < depth; ++i)
            text += "};";
        return CompiledTree{"/ {" + text + "};"};
    };
    EXPECT_TRUE(opened(nested(depth_limit).blob()));
    EXPECT_FALSE(opened(nested(depth_limit + 1).blob()));
}

TEST(Tree, nodes_are_found_by_path_with_or_without_the_unit_address)
{
    const auto compiled = CompiledTree::from_file("zcu102.dts");
    const auto tree = compiled.tree();
    EXPECT_EQ(tree.at_path("/axi/serial@ff000000")->path().text(), "/axi/serial@ff000000");
    EXPECT_EQ(tree.at_path("/memory")->name(), "memory@0");
    EXPECT_FALSE(tree.at_path("/axi/serial@ff020000"));
    EXPECT_FALSE(tree.at_path(""));
}

TEST(Tree, an_alias_names_a_path_and_what_follows_a_colon_is_cut)
{
    const auto compiled = CompiledTree::from_file("zcu102.dts");
    const auto tree = compiled.tree();
    EXPECT_EQ(tree.at_path_or_alias("serial0:115200n8")->name(), "serial@ff000000");
    EXPECT_EQ(tree.at_path_or_alias("/axi/serial@ff010000:9600")->name(), "serial@ff010000");
    EXPECT_FALSE(tree.at_path_or_alias("serial2")); // names a node that is not there
    EXPECT_FALSE(tree.at_path_or_alias("serial9"));
    EXPECT_FALSE(tree.at_path_or_alias(""));
}

TEST(Tree, an_alias_of_an_alias_is_not_followed)
{
    const CompiledTree compiled{R"(/ { aliases { a = "b"; b = "a"; c = "c"; }; };)"};
    EXPECT_FALSE(compiled.tree().at_path_or_alias("a"));
    EXPECT_FALSE(compiled.tree().at_path_or_alias("c"));
}

TEST(Tree, a_phandle_names_a_node)
{
    const CompiledTree compiled{"/ { a { phandle = <7>; }; b { }; };"};
    EXPECT_EQ(compiled.tree().with_phandle(7)->name(), "a");
    EXPECT_FALSE(compiled.tree().with_phandle(8));
    EXPECT_FALSE(compiled.tree().with_phandle(0));
    EXPECT_FALSE(compiled.tree().with_phandle(~0U));
}

TEST(Tree, disabled_devices_are_passed_over)
{
    const CompiledTree compiled{R"(/ {
        a { compatible = "x"; status = "disabled"; };
        b { compatible = "y", "x"; status = "ok"; };
    };)"};
    EXPECT_EQ(compiled.tree().compatible_with({"z", "x"})->name(), "b");
    EXPECT_FALSE(compiled.tree().compatible_with({"xx"}));
}

TEST(Tree, the_reservation_block_is_read)
{
    const CompiledTree compiled{"/memreserve/ 0x1000 0x2000; / { };"};
    ASSERT_EQ(compiled.tree().reservation_count(), 1);
    EXPECT_EQ(compiled.tree().reservation(0).start, PhysicalAddress{0x1000});
    EXPECT_EQ(compiled.tree().reservation(0).size, 0x2000U);
}

TEST(Node, properties_and_children_come_in_the_trees_order)
{
    const CompiledTree compiled{"/ { n { b = <1>; a; y { }; x { c; }; }; };"};
    const auto node = *compiled.tree().at_path("/n");
    std::string seen;
    for (const auto property : node.properties())
        seen += std::string{property.name()} + " ";
    for (const auto child : node.children())
        seen += std::string{child.name()} + " ";
    EXPECT_EQ(seen, "b a y x ");
    EXPECT_EQ(compiled.tree().at_path("/n/x")->parent(), node);
    EXPECT_FALSE(compiled.tree().root().parent());
}

TEST(Node, absent_and_malformed_properties_are_told_apart)
{
    const CompiledTree compiled{R"(/ { one = <5>; two = <1 2>; three = <1 2 3>; empty;
                                       text = "hi"; open = [68 69]; };)"};
    const auto root = compiled.tree().root();
    EXPECT_EQ(root.u32("one"), 5U);
    EXPECT_EQ(root.u32("two").error(), Error::invalid);
    EXPECT_EQ(root.u32("none").error(), Error::no_entry);
    EXPECT_EQ(root.number("one"), 5U);
    EXPECT_EQ(root.number("two"), 0x1'0000'0002U);
    EXPECT_EQ(root.number("three").error(), Error::invalid);
    EXPECT_EQ(root.number("empty").error(), Error::invalid);
    EXPECT_EQ(root.string("text"), "hi");
    EXPECT_EQ(root.string("open").error(), Error::invalid);
    EXPECT_EQ(root.string("empty").error(), Error::invalid);
    EXPECT_EQ(root.string("none").error(), Error::no_entry);
}

TEST(Node, cell_counts_are_inherited_and_the_root_has_two_and_one)
{
    const CompiledTree compiled{R"(/ { a { b { }; };
        c { #address-cells = <1>; #size-cells = <2>; d { }; };
        e { #address-cells = [01]; }; };)"};
    const auto tree = compiled.tree();
    EXPECT_EQ(tree.at_path("/a/b")->address_cells(), 2U);
    EXPECT_EQ(tree.at_path("/a/b")->size_cells(), 1U);
    EXPECT_EQ(tree.at_path("/c/d")->address_cells(), 1U);
    EXPECT_EQ(tree.at_path("/c/d")->size_cells(), 2U);
    EXPECT_GT(tree.at_path("/e")->address_cells(), 2U);
}

TEST(Node, a_path_that_is_too_long_for_a_message_becomes_the_name)
{
    const std::string name(100, 'n');
    const CompiledTree compiled{"/ { " + name + " { " + name + " { }; }; };"};
    EXPECT_EQ(compiled.tree().at_path("/" + name)->path().text(), "/" + name);
    EXPECT_EQ(compiled.tree().at_path("/" + name + "/" + name)->path().text(), name);
}

TEST(Property, cells_outside_of_the_value_are_invalid)
{
    const CompiledTree compiled{"/ { p = <1 2 3>; odd = [00 00 00 01 02]; };"};
    const auto p = *compiled.tree().root().property("p");
    EXPECT_EQ(p.cells(1, 2), 0x2'0000'0003U);
    EXPECT_EQ(p.cells(3, 0), 0U);
    EXPECT_FALSE(p.cells(2, 2));
    EXPECT_FALSE(p.cells(4, 0));
    EXPECT_FALSE(p.cells(0, 3));
    EXPECT_FALSE(p.cells(~std::uint64_t{0}, 1));
    EXPECT_FALSE(p.cells(1, ~std::uint64_t{0}));
    EXPECT_EQ(compiled.tree().root().property("odd")->cell_count(), 1U);
}

TEST(Property, a_string_list_contains_whole_strings_only)
{
    const CompiledTree compiled{R"(/ { p = "one", "", "two"; open = [6f 6e 65]; };)"};
    const auto p = *compiled.tree().root().property("p");
    EXPECT_TRUE(p.contains("one"));
    EXPECT_TRUE(p.contains("two"));
    EXPECT_TRUE(p.contains(""));
    EXPECT_FALSE(p.contains("on"));
    EXPECT_FALSE(p.contains("three"));
    EXPECT_FALSE(compiled.tree().root().property("open")->contains("one"));
}

} // namespace
} // namespace bulkhead::devicetree
