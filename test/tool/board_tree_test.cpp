#include "temporary_project.hpp"

#include "device_tree.hpp"
#include "machine_facts.hpp"

#include <gtest/gtest.h>
extern "C" {
#include <libfdt.h>
}

namespace bulkhead::tool {
namespace {

/// A tree with nothing but a root.
DeviceTree empty_tree()
{
    std::string bytes(256, '\0');
    ::fdt_create_empty_tree(bytes.data(), static_cast<int>(bytes.size()));
    DeviceTree tree{bytes, "test"};
    tree.set_cell("/", "#address-cells", 2);
    tree.set_cell("/", "#size-cells", 2);
    return tree;
}

/// A board with 3 GiB in two banks, two CPUs of three, a GICv3 and a reserved megabyte.
DeviceTree board()
{
    DeviceTree tree = empty_tree();
    tree.set_text("/", "model", "Test Board");
    tree.add_node("/memory@80000000");
    tree.set_text("/memory@80000000", "device_type", "memory");
    const MemoryRange banks[] = {{0x8'8000'0000, 1ULL << 30U}, {0x8000'0000, 2ULL << 30U}};
    tree.set_reg("/memory@80000000", banks);
    tree.add_node("/cpus");
    for (const char* cpu : {"/cpus/cpu@0", "/cpus/cpu@1", "/cpus/cpu@2"}) {
        tree.add_node(cpu);
        tree.set_text(cpu, "device_type", "cpu");
    }
    tree.set_text("/cpus/cpu@2", "status", "disabled");
    tree.add_node("/soc");
    tree.add_node("/soc/interrupt-controller");
    tree.set_text("/soc/interrupt-controller", "compatible", "arm,gic-v3");
    tree.add_node("/reserved-memory");
    tree.set_cell("/reserved-memory", "#address-cells", 2);
    tree.set_cell("/reserved-memory", "#size-cells", 2);
    tree.add_node("/reserved-memory/secure@80200000");
    const MemoryRange secure{0x8020'0000, 1U << 20U};
    tree.set_reg("/reserved-memory/secure@80200000", {&secure, 1});
    return tree;
}

constexpr const char* description =
    "[machine]\nname = \"board\"\ndevice_tree = \"board.dtb\"\n[[domain]]\n"
    "name = \"a\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\n";

class BoardTree : public testing::Test {
protected:
    void SetUp() override { project.add_file("Image", arm64_image(1U << 20U)); }

    TemporaryProject project;
};

TEST_F(BoardTree, the_tree_says_what_the_board_has)
{
    const MachineFacts facts = facts_of_tree(board());
    EXPECT_EQ(facts.title, "Test Board");
    EXPECT_EQ(facts.ram,
              (std::vector<MemoryRange>{{0x8000'0000, 2ULL << 30U}, {0x8'8000'0000, 1ULL << 30U}}));
    EXPECT_EQ(facts.cpus, 2U) << "one is disabled";
    EXPECT_EQ(facts.gic, 3U);
    ASSERT_EQ(facts.reserved.size(), 1U);
    EXPECT_EQ(facts.reserved[0].name, "/reserved-memory/secure@80200000");
    EXPECT_EQ(facts.reserved[0].range, (MemoryRange{0x8020'0000, 1U << 20U}));
}

TEST_F(BoardTree, the_hypervisor_keeps_out_of_reserved_memory)
{
    project.add_file("board.dtb", board().bytes());
    EXPECT_EQ(
        project.problems_of(description),
        "FILE:1: hypervisor_address = 0x80200000 (because it is left out): the hypervisor (2 MiB, "
        "0x80200000-0x803fffff) would overlap /reserved-memory/secure@80200000 "
        "(0x80200000-0x802fffff); "
        "0x80400000 is free\n");
    EXPECT_EQ(project.problems_of(
                  "[machine]\nname = \"board\"\ndevice_tree = \"board.dtb\"\n"
                  "hypervisor_address = 0x80400000\n[[domain]]\nname = \"a\"\nkernel = \"Image\"\n"
                  "memory = \"64 MiB\"\n"),
              "");
}

TEST_F(BoardTree, a_board_needs_its_tree_and_nothing_the_tree_says)
{
    EXPECT_EQ(
        project.problems_of(
            "[machine]\nname = \"board\"\ngic = 3\ncpus = 4\nmemory = \"1 GiB\"\n[[domain]]\n"
            "name = \"a\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\n"),
        "FILE:1: device_tree: missing; name = \"board\" needs the board's tree, such as "
        "device_tree = "
        "\"board.dtb\"\n"
        "FILE:3: gic = 3: the board's device tree says that; leave `gic` out\n"
        "FILE:4: cpus = 4: the board's device tree says that; leave `cpus` out\n"
        "FILE:5: memory = \"1 GiB\": the board's device tree says that; leave `memory` out\n");
    EXPECT_EQ(project.problems_of(description),
              "FILE:3: device_tree = \"board.dtb\": no such file (" +
                  (project.project().root() / "board.dtb").string() + ")\n");
}

TEST_F(BoardTree, a_tree_without_memory_cpus_or_gic_is_refused)
{
    project.add_file("board.dtb", empty_tree().bytes());
    EXPECT_EQ(project.problems_of(description),
              "FILE:3: device_tree = \"board.dtb\": the tree has no memory node with a size\n"
              "FILE:3: device_tree = \"board.dtb\": the tree has no CPUs below /cpus\n"
              "FILE:3: device_tree = \"board.dtb\": the tree has no interrupt controller Bulkhead "
              "drives (GICv2 or "
              "GICv3)\n");
}

} // namespace
} // namespace bulkhead::tool
