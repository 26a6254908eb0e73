#include "qemu.hpp"
#include "temporary_project.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

class Qemu : public testing::Test {
protected:
    void SetUp() override { project.add_file("Image", arm64_image(1U << 20U)); }

    std::string command(const std::string& machine)
    {
        const SystemPlan plan = project.plan_of(
            machine + "[[domain]]\nname = \"a\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\n");
        return qemu_boot_command(plan, load_entries(plan, 4096), "/out,put").shown();
    }

    TemporaryProject project;
};

TEST_F(Qemu, zcu102_is_four_cpus_with_el2)
{
    EXPECT_TRUE(
        command("[machine]\nname = \"zcu102\"\n")
            .starts_with("qemu-system-aarch64 -M xlnx-zcu102,virtualization=on -smp 4 -m 4096M "));
}

TEST_F(Qemu, virt_has_the_controller_and_cpus_described)
{
    EXPECT_TRUE(
        command("[machine]\nname = \"virt\"\ngic = 2\ncpus = 2\nmemory = \"512 MiB\"\n")
            .starts_with(
                "qemu-system-aarch64 -M virt,virtualization=on,gic-version=2,dtb-randomness=off "
                "-cpu cortex-a53 -nic none -smp 2 -m 512M "));
}

TEST_F(Qemu, a_deterministic_machine_counts_instructions)
{
    EXPECT_TRUE(command("[machine]\nname = \"virt\"\ndeterministic = true\n")
                    .contains("-cpu cortex-a53 -nic none -icount shift=0,sleep=off -rtc clock=vm "
                              "-global cortex-a53-arm-cpu.cntfrq=1000000000 -smp 1 "));
}

TEST_F(Qemu, everything_is_loaded_and_the_stub_starts_it)
{
    const std::string text = command("[machine]\nname = \"virt\"\n");
    EXPECT_TRUE(text.contains(
        "-device loader,file=/out,,put/start.bin,addr=0x401f0000,force-raw=on,cpu-num=0"));
    EXPECT_TRUE(
        text.contains("-device loader,file=/out,,put/bulkhead,addr=0x40200000,force-raw=on"))
        << "a comma in a path is doubled";
    EXPECT_TRUE(
        text.contains("-device loader,file=/out,,put/system.dtb,addr=0x40400000,force-raw=on"));
    EXPECT_TRUE(
        text.contains("-device loader,file=/out,,put/a-kernel,addr=0x40600000,force-raw=on"));
}

} // namespace
} // namespace bulkhead::tool
