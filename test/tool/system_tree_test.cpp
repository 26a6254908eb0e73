#include "system_tree.hpp"
#include "temporary_project.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
extern "C" {
#include <libfdt.h>
}

namespace bulkhead::tool {
namespace {

/// What an emulator might have left behind.
DeviceTree machine_tree_with_leftovers()
{
    std::string bytes(256, '\0');
    ::fdt_create_empty_tree(bytes.data(), static_cast<int>(bytes.size()));
    DeviceTree tree{bytes, "test"};
    tree.set_cell("/", "#address-cells", 2);
    tree.set_cell("/", "#size-cells", 2);
    tree.add_node("/memory@0");
    tree.set_text("/memory@0", "device_type", "memory");
    const MemoryRange wrong{0, 1};
    tree.set_reg("/memory@0", {&wrong, 1});
    tree.add_node("/chosen");
    tree.set_text("/chosen", "stdout-path", "serial0:115200n8");
    tree.set_text("/chosen", "bootargs", "earlycon");
    tree.set_text("/chosen", "rng-seed", "random");
    tree.add_node("/chosen/leftover");
    return tree;
}

class SystemTree : public testing::Test {
protected:
    void SetUp() override
    {
        project.add_file("Image", arm64_image(1U << 20U));
        project.add_file("initrd", "initrd!");
    }

    DeviceTree described(const std::string& toml)
    {
        DeviceTree tree = machine_tree_with_leftovers();
        describe_system(tree, project.plan_of(toml), "console=dtuart");
        return DeviceTree{tree.bytes(), "packed"}; // as a boot loader passes it on
    }

    TemporaryProject project;
};

constexpr const char* two_domains = R"([machine]
name = "zcu102"
[[domain]]
name = "linux"
kernel = "Image"
ramdisk = "initrd"
cmdline = "console=ttyAMA0"
memory = "256 MiB"
cpus = [2, 1]
nr_spis = 40
on_reset = "stop"
on_crash = "restart"
watchdog_ms = 2000
vpmu = true
sve = 256
[[domain]]
name = "rtos"
kernel = "Image"
memory = "16 MiB"
vpl011 = false
)";

TEST_F(SystemTree, memory_is_the_machines_banks)
{
    const DeviceTree tree = described(two_domains);
    EXPECT_EQ(tree.children("/"), (std::vector<std::string>{"/memory@0", "/chosen"}));
    EXPECT_EQ(tree.reg("/memory@0"),
              (std::vector<MemoryRange>{{0, 2ULL << 30U}, {0x8'0000'0000, 2ULL << 30U}}));
}

TEST_F(SystemTree, chosen_keeps_the_console_and_nothing_foreign)
{
    const DeviceTree tree = described(two_domains);
    EXPECT_EQ(tree.text("/chosen", "stdout-path"), "serial0:115200n8");
    EXPECT_EQ(tree.text("/chosen", "xen,xen-bootargs"), "console=dtuart");
    EXPECT_FALSE(tree.has_property("/chosen", "bootargs"));
    EXPECT_FALSE(tree.has_property("/chosen", "rng-seed"));
    EXPECT_FALSE(tree.has_node("/chosen/leftover"));
}

TEST_F(SystemTree, domains_come_in_the_order_described)
{
    EXPECT_EQ(described(two_domains).children("/chosen"),
              (std::vector<std::string>{"/chosen/domU1", "/chosen/domU2"}));
}

TEST_F(SystemTree, a_domain_is_described_with_xens_binding)
{
    const DeviceTree tree = described(two_domains);
    const std::string domain = "/chosen/domU1";
    EXPECT_EQ(tree.text(domain, "compatible"), "xen,domain");
    EXPECT_EQ(tree.text(domain, "bulkhead,name"), "linux");
    EXPECT_EQ(tree.cells(domain, "memory"), (std::vector<std::uint32_t>{0, 256 * 1024}))
        << "in KiB";
    EXPECT_EQ(tree.cells(domain, "cpus"), (std::vector<std::uint32_t>{2}));
    EXPECT_EQ(tree.cells(domain, "nr_spis"), (std::vector<std::uint32_t>{40}));
    EXPECT_EQ(tree.text(domain, "bulkhead,on-reset"), "stop");
    EXPECT_EQ(tree.text(domain, "bulkhead,on-crash"), "restart");
    EXPECT_EQ(tree.cells(domain, "bulkhead,watchdog-ms"), (std::vector<std::uint32_t>{2000}));
    EXPECT_FALSE(tree.has_property("/chosen/domU2", "bulkhead,on-reset"));
    EXPECT_TRUE(tree.has_property(domain, "vpl011"));
    EXPECT_FALSE(tree.has_property("/chosen/domU2", "vpl011"));
    EXPECT_TRUE(tree.has_property(domain, "vpmu"));
    EXPECT_FALSE(tree.has_property("/chosen/domU2", "vpmu"));
    EXPECT_EQ(tree.cells(domain, "sve"), (std::vector<std::uint32_t>{256}));
    EXPECT_FALSE(tree.has_property("/chosen/domU2", "sve"));
    EXPECT_FALSE(tree.has_property("/chosen/domU2", "nr_spis"));
    EXPECT_EQ(tree.cells("/chosen/domU2", "cpus"), (std::vector<std::uint32_t>{1}));
}

TEST_F(SystemTree, modules_are_where_they_are_loaded)
{
    const SystemPlan plan = project.plan_of(two_domains);
    const DeviceTree tree = described(two_domains);
    for (const PlacedImage& placed : plan.images) {
        const std::string node = "/chosen/domU" + std::to_string(placed.image.domain + 1) +
                                 "/module@" + fmt::format("{:x}", placed.place.start);
        ASSERT_TRUE(tree.has_node(node));
        const std::string kind =
            placed.image.role == ImageRole::kernel ? "multiboot,kernel" : "multiboot,ramdisk";
        EXPECT_EQ(tree.texts(node, "compatible"),
                  (std::vector<std::string>{kind, "multiboot,module"}));
        EXPECT_EQ(tree.reg(node), (std::vector<MemoryRange>{placed.place}));
        const bool has_command_line =
            placed.image.role == ImageRole::kernel && placed.image.domain == 0;
        EXPECT_EQ(tree.text(node, "bootargs"), has_command_line ? "console=ttyAMA0" : "");
    }
    EXPECT_EQ(plan.images[1].place.size, 7U) << "the file's size, not rounded";
}

TEST_F(SystemTree, a_channel_is_two_nodes_that_name_each_other)
{
    const DeviceTree tree = described(std::string{two_domains} + R"([[channel]]
domain = "rtos"
port = 5
peer = "linux"
peer_port = 18
)");
    const std::string rtos_end = "/chosen/domU2/evtchn@5";
    const std::string linux_end = "/chosen/domU1/evtchn@12";
    for (const auto& node : {rtos_end, linux_end})
        EXPECT_EQ(tree.text(node, "compatible"), "xen,evtchn-v1");
    const auto phandle = [&](const std::string& node) { return tree.cells(node, "phandle").at(0); };
    EXPECT_NE(phandle(rtos_end), phandle(linux_end));
    EXPECT_EQ(tree.cells(rtos_end, "xen,evtchn"),
              (std::vector<std::uint32_t>{5, phandle(linux_end)}));
    EXPECT_EQ(tree.cells(linux_end, "xen,evtchn"),
              (std::vector<std::uint32_t>{18, phandle(rtos_end)}));
    for (const char* domain : {"/chosen/domU1", "/chosen/domU2"})
        EXPECT_EQ(tree.text(domain, "xen,enhanced"), "no-xenstore");
    EXPECT_FALSE(described(two_domains).has_property("/chosen/domU1", "xen,enhanced"));
}

TEST_F(SystemTree, shared_memory_is_a_node_of_each_of_its_domains)
{
    const DeviceTree tree = described(std::string{two_domains} + R"([[shared_memory]]
name = "mail"
size = "64 KiB"
domains = ["rtos", "linux"]
addresses = [0x70000000, 0x78000000]
host_address = 0x60000000
owner = "rtos"
)");
    const std::string rtos = "/chosen/domU2/shared-memory@70000000";
    const std::string linux_node = "/chosen/domU1/shared-memory@78000000";
    EXPECT_EQ(tree.text(rtos, "compatible"), "xen,domain-shared-memory-v1");
    EXPECT_EQ(tree.text(rtos, "xen,shm-id"), "mail");
    EXPECT_EQ(tree.text(rtos, "role"), "owner");
    EXPECT_EQ(tree.text(linux_node, "role"), "borrower");
    EXPECT_EQ(tree.cells(linux_node, "xen,shared-mem"),
              (std::vector<std::uint32_t>{0, 0x60000000, 0, 0x78000000, 0, 0x10000}));
    const DeviceTree anywhere = described(std::string{two_domains} + R"([[shared_memory]]
name = "mail"
size = "4 KiB"
domains = ["rtos"]
addresses = [0x70000000]
)");
    EXPECT_EQ(anywhere.cells(rtos, "xen,shared-mem"),
              (std::vector<std::uint32_t>{0, 0x70000000, 0, 0x1000}));
    EXPECT_FALSE(anywhere.has_property(rtos, "role"));
}

TEST_F(SystemTree, static_memory_and_direct_map_are_properties)
{
    const DeviceTree tree =
        described(std::string{two_domains} + "static_memory = [\"8 MiB at 0x60000000\", \"8 MiB "
                                             "at 0x70000000\"]\ndirect_map = true\n");
    EXPECT_TRUE(tree.has_property("/chosen/domU2", "direct-map"));
    EXPECT_EQ(tree.cells("/chosen/domU2", "xen,static-mem"),
              (std::vector<std::uint32_t>{0, 0x60000000, 0, 0x800000, 0, 0x70000000, 0, 0x800000}));
    EXPECT_FALSE(tree.has_property("/chosen/domU1", "xen,static-mem"));
}

TEST_F(SystemTree, xens_interface_is_offered_if_asked_for)
{
    const DeviceTree tree = described(std::string{two_domains} + "enhanced = true\n");
    EXPECT_FALSE(tree.has_property("/chosen/domU1", "xen,enhanced"));
    EXPECT_EQ(tree.text("/chosen/domU2", "xen,enhanced"), "no-xenstore");
}

TEST_F(SystemTree, each_virtual_cpu_has_its_affinity)
{
    const DeviceTree tree = described(two_domains);
    EXPECT_EQ(tree.text("/chosen/domU1/vcpu@0", "compatible"), "xen,vcpu");
    EXPECT_EQ(tree.cells("/chosen/domU1/vcpu@0", "id"), (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(tree.text("/chosen/domU1/vcpu@0", "hard-affinity"), "2");
    EXPECT_EQ(tree.cells("/chosen/domU1/vcpu@1", "id"), (std::vector<std::uint32_t>{1}));
    EXPECT_EQ(tree.text("/chosen/domU1/vcpu@1", "hard-affinity"), "1");
    EXPECT_FALSE(tree.has_node("/chosen/domU2/vcpu@0"));
}

TEST_F(SystemTree, a_tree_grows_as_far_as_it_has_to)
{
    std::string toml = "[machine]\nname = \"virt\"\nbootargs = \"sched=credit2\"\n";
    for (int index = 0; index < 32; ++index)
        toml += "[[domain]]\nname = \"d" + std::to_string(index) +
                "\"\nkernel = \"Image\"\nmemory = \"2 MiB\"\n" + "cmdline = \"" +
                std::string(1000, 'x') + "\"\nvcpus = 60\n";
    EXPECT_EQ(described(toml).children("/chosen").size(), 32U);
}

} // namespace
} // namespace bulkhead::tool
