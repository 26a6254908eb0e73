#include "boot_script.hpp"
#include "boot_stub.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

constexpr const char* toml = R"([machine]
name = "zcu102"
[[domain]]
name = "linux"
kernel = "Image"
ramdisk = "initrd"
ramdisk_address = 0x10000000
memory = "256 MiB"
)";

class BootScript : public testing::Test {
protected:
    void SetUp() override
    {
        project.add_file("Image", arm64_image(1U << 20U));
        project.add_file("initrd", "initrd");
    }

    TemporaryProject project;
};

TEST_F(BootScript, everything_is_loaded_once_in_the_order_of_addresses)
{
    const SystemPlan plan = project.plan_of(toml);
    std::vector<std::string> files;
    for (const LoadEntry& entry : load_entries(plan, 5000))
        files.push_back(entry.file_name);
    EXPECT_EQ(files, (std::vector<std::string>{"bulkhead", "system.dtb", "linux-kernel",
                                               "linux-ramdisk"}));
}

TEST_F(BootScript, uboot_loads_each_file_and_boots_the_hypervisor_with_the_tree)
{
    const SystemPlan plan = project.plan_of(toml);
    const std::string script = uboot_script(plan, load_entries(plan, 5000));
    EXPECT_EQ(
        script,
        "# Made by `./bulkhead build` from system.toml. Starts Bulkhead and its domains.\n"
        "# Put all files of this folder on the boot medium. For a network boot, set `load` to\n"
        "# tftpboot before this runs.\n"
        "if test -z \"${load}\"; then\n"
        "    setenv load load ${devtype} ${devnum}:${distro_bootpart}\n"
        "fi\n"
        "# The tree stays where it is loaded.\n"
        "setenv fdt_high 0xffffffffffffffff\n"
        "echo \"Loading the hypervisor\"\n"
        "${load} 0x200000 bulkhead || exit 1\n"
        "echo \"Loading the device tree\"\n"
        "${load} 0x400000 system.dtb || exit 1\n"
        "echo \"Loading kernel of linux\"\n"
        "${load} 0x600000 linux-kernel || exit 1\n"
        "echo \"Loading ramdisk of linux\"\n"
        "${load} 0x10000000 linux-ramdisk || exit 1\n"
        "booti 0x200000 - 0x400000\n");
}

TEST_F(BootScript, has_no_apostrophe_which_uboot_takes_for_a_quotation_mark)
{
    const SystemPlan plan = project.plan_of(toml);
    EXPECT_FALSE(uboot_script(plan, load_entries(plan, 5000)).contains('\''));
}

TEST_F(BootScript, the_table_shows_where_everything_goes)
{
    const SystemPlan plan = project.plan_of(toml);
    EXPECT_EQ(load_table(load_entries(plan, 5000)),
              "file                  address             end        size  what\n"
              "bulkhead             0x200000        0x3fffff       2 MiB  the hypervisor\n"
              "system.dtb           0x400000        0x401387       5 KiB  the device tree\n"
              "linux-kernel         0x600000        0x600fff       4 KiB  kernel of linux\n"
              "linux-ramdisk      0x10000000      0x10000005       1 KiB  ramdisk of linux\n");
}

TEST(BootStub, jumps_to_the_hypervisor_with_the_tree_in_x0)
{
    const std::string stub = boot_stub(0x1122334455667788, 0x99aabbccddeeff00);
    ASSERT_EQ(stub.size(), 40U);
    EXPECT_EQ(stub.substr(0, 4), std::string("\xc0\x00\x00\x58", 4)) << "ldr x0, the literal at 24";
    EXPECT_EQ(stub.substr(16, 8), std::string("\x84\x00\x00\x58\x80\x00\x1f\xd6", 8))
        << "ldr x4, at 32; br x4";
    EXPECT_EQ(stub.substr(24, 8), std::string("\x00\xff\xee\xdd\xcc\xbb\xaa\x99", 8)) << "tree";
    EXPECT_EQ(stub.substr(32, 8), "\x88\x77\x66\x55\x44\x33\x22\x11") << "entry";
}

} // namespace
} // namespace bulkhead::tool
