#include "device_tree.hpp"
#include "failure.hpp"

#include <gtest/gtest.h>
extern "C" {
#include <libfdt.h>
}

namespace bulkhead::tool {
namespace {

DeviceTree empty_tree()
{
    std::string bytes(256, '\0');
    ::fdt_create_empty_tree(bytes.data(), static_cast<int>(bytes.size()));
    return {bytes, "test"};
}

TEST(DeviceTree, what_is_not_a_tree_is_refused_by_name)
{
    try {
        (void)DeviceTree{std::string(100, 'x'), "board.dtb"};
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_STREQ(failure.what(),
                     "board.dtb: not a sound device tree (FDT_ERR_BADMAGIC); make one with dtc");
    }
}

TEST(DeviceTree, a_truncated_tree_is_refused)
{
    const std::string whole = empty_tree().bytes();
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THROW((void)(DeviceTree{whole.substr(0, size), "cut"}), Failure) << size;
}

TEST(DeviceTree, numbers_are_big_endian_cells)
{
    DeviceTree tree = empty_tree();
    tree.set_number64("/", "number", 0x0123456789abcdef);
    EXPECT_EQ(tree.cells("/", "number"), (std::vector<std::uint32_t>{0x01234567, 0x89abcdef}));
}

TEST(DeviceTree, reg_follows_the_parents_cells)
{
    DeviceTree tree = empty_tree();
    const MemoryRange range{0x8000'0000, 0x1000};
    tree.add_node("/soc");
    tree.set_cell("/soc", "#address-cells", 1);
    tree.set_cell("/soc", "#size-cells", 1);
    tree.add_node("/soc/uart");
    tree.set_reg("/soc/uart", {&range, 1});
    EXPECT_EQ(tree.cells("/soc/uart", "reg"), (std::vector<std::uint32_t>{0x80000000, 0x1000}));
    EXPECT_EQ(tree.reg("/soc/uart"), (std::vector<MemoryRange>{range}));

    tree.add_node("/memory"); // the root says nothing: 2 and 1
    tree.set_reg("/memory", {&range, 1});
    EXPECT_EQ(tree.cells("/memory", "reg"), (std::vector<std::uint32_t>{0, 0x80000000, 0x1000}));
    EXPECT_EQ(tree.reg("/memory"), (std::vector<MemoryRange>{range}));
}

TEST(DeviceTree, a_reg_cut_short_ends_with_its_last_whole_entry)
{
    DeviceTree tree = empty_tree();
    tree.add_node("/memory");
    tree.set_number64("/memory", "reg", 7);
    EXPECT_TRUE(tree.reg("/memory").empty());
}

TEST(DeviceTree, nodes_and_properties_can_be_removed)
{
    DeviceTree tree = empty_tree();
    tree.add_node("/a");
    tree.set_flag("/a", "flag");
    EXPECT_TRUE(tree.has_property("/a", "flag"));
    tree.remove_property("/a", "flag");
    tree.remove_property("/a", "never-there");
    EXPECT_FALSE(tree.has_property("/a", "flag"));
    tree.remove_node("/a");
    EXPECT_FALSE(tree.has_node("/a"));
    EXPECT_THROW(tree.remove_node("/a"), Failure);
}

} // namespace
} // namespace bulkhead::tool
