#include "temporary_project.hpp"

#include "device_tree.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

constexpr const char* virt = "[machine]\nname = \"virt\"\n";

/// A description on lines 3 to 6, with more lines after them.
std::string one_domain(const std::string& more = "", const std::string& memory = "64 MiB")
{
    return std::string{virt} + "[[domain]]\nname = \"linux\"\nkernel = \"Image\"\nmemory = \"" +
           memory + "\"\n" + more;
}

class DescriptionChecker : public testing::Test {
protected:
    void SetUp() override { project.add_file("Image", arm64_image(1U << 20U)); }

    TemporaryProject project;
};

TEST_F(DescriptionChecker, a_right_description_has_no_problem)
{
    EXPECT_EQ(project.problems_of(one_domain("cpus = [2, 3]\n")), "");
}

TEST_F(DescriptionChecker, more_virtual_cpus_than_cpus_are_refused_at_the_domain_that_is_too_much)
{
    EXPECT_EQ(
        project.problems_of(one_domain("vcpus = 3\n[[domain]]\nname = \"b\"\nkernel = \"Image\"\n"
                                       "memory = \"64 MiB\"\nvcpus = 2\n")),
        "FILE:12: vcpus = 2: 5 virtual CPUs up to here, but virt has 4 (CPUs 0 to 3), and each "
        "virtual CPU "
        "takes one\n");
}

TEST_F(DescriptionChecker, a_scheduler_that_shares_cpus_may_have_more_virtual_ones)
{
    EXPECT_EQ(
        project.problems_of("[machine]\nname = \"virt\"\nbootargs = \"sched=credit2\"\n[[domain]]\n"
                            "name = \"a\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\nvcpus = 8\n"),
        "");
}

TEST_F(DescriptionChecker, a_cpu_belongs_to_one_domain)
{
    EXPECT_EQ(project.problems_of(
                  one_domain("cpus = [2, 3]\n[[domain]]\nname = \"rtos\"\nkernel = \"Image\"\n"
                             "memory = \"64 MiB\"\ncpus = [3]\n")),
              "FILE:12: cpus = [3]: CPU 3 already belongs to \"linux\" (line 7)\n");
}

TEST_F(DescriptionChecker, a_cpu_is_named_once)
{
    EXPECT_EQ(project.problems_of(one_domain("cpus = [2, 2]\n")),
              "FILE:7: cpus = [2, 2]: names CPU 2 twice\n");
}

TEST_F(DescriptionChecker, a_cpu_has_to_be_on_the_machine)
{
    EXPECT_EQ(project.problems_of(one_domain("cpus = [4]\n")),
              "FILE:7: cpus = [4]: virt has no CPU 4; it has CPUs 0 to 3\n");
}

TEST_F(DescriptionChecker, each_virtual_cpu_has_one_cpu)
{
    EXPECT_EQ(project.problems_of(one_domain("vcpus = 1\ncpus = [1, 2]\n")),
              "FILE:8: cpus = [1, 2]: names 2 CPUs, but the domain has 1 virtual CPU; give one for "
              "each\n");
    EXPECT_EQ(
        project.problems_of(one_domain("vcpus = 2\ncpus = [1]\n")),
        "FILE:8: cpus = [1]: names 1 CPU, but the domain has 2 virtual CPUs; give one for each\n");
    EXPECT_EQ(project.problems_of(one_domain("vcpus = 0\n")),
              "FILE:7: vcpus = 0: a domain needs at least one virtual CPU\n");
}

TEST_F(DescriptionChecker, a_gicv2_has_eight_cpus)
{
    EXPECT_EQ(project.problems_of(
                  "[machine]\nname = \"virt\"\ngic = 2\nbootargs = \"sched=credit2\"\n[[domain]]\n"
                  "name = \"a\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\nvcpus = 9\n"),
              "FILE:9: vcpus = 9: a domain can have at most 8 with a GICv2\n");
    EXPECT_EQ(project.problems_of("[machine]\nname = \"virt\"\ngic = 2\ncpus = 9\n[[domain]]\n"
                                  "name = \"a\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\n"),
              "FILE:4: cpus = 9: virt with a GICv2 can have 1 to 8 CPUs\n");
}

TEST_F(DescriptionChecker, the_machine_is_what_it_is)
{
    EXPECT_EQ(
        project.problems_of("[machine]\nname = \"zcu102\"\ngic = 3\ncpus = 2\nmemory = \"64 GiB\"\n"
                            "deterministic = true\n[[domain]]\nname = \"a\"\nkernel = \"Image\"\n"
                            "memory = \"64 MiB\"\n"),
        "FILE:3: gic = 3: zcu102 has a GICv2; leave `gic` out, or use virt\n"
        "FILE:4: cpus = 2: zcu102 has 4 CPUs; leave `cpus` out (bootargs with maxcpus=2 uses "
        "fewer)\n"
        "FILE:5: memory = \"64 GiB\": the machine can have 128 MiB to 34 GiB\n");
    EXPECT_EQ(
        project.problems_of("[machine]\nname = \"virt\"\ngic = 4\ndeterministic = true\ncpus = 2\n"
                            "memory = \"1025 MiB\"\n[[domain]]\nname = \"a\"\nkernel = \"Image\"\n"
                            "memory = \"64 MiB\"\n"),
        "FILE:3: gic = 4: virt has a GICv2 or a GICv3; write 2 or 3\n"
        "FILE:6: memory = \"1025 MiB\": not a multiple of 2 MiB\n");
}

TEST_F(DescriptionChecker, memory_is_summed_up_with_the_hypervisors_and_the_images)
{
    EXPECT_EQ(project.problems_of(one_domain(
                  "[[domain]]\nname = \"b\"\nkernel = \"Image\"\nmemory = \"1 GiB\"\n", "1 GiB")),
              "FILE:10: memory = \"1 GiB\": 2048 MiB needed by \"linux\" 1 GiB and \"b\" 1 GiB, "
              "but 2032 MiB of 2 GiB "
              "are available (16 MiB the hypervisor's, 8 KiB images)\n");
}

TEST_F(DescriptionChecker, memory_comes_in_pages)
{
    EXPECT_EQ(project.problems_of(one_domain("", "1025 KiB")),
              "FILE:6: memory = \"1025 KiB\": not a whole number of 4 KiB pages\n");
    EXPECT_EQ(project.problems_of(one_domain("", "0 MiB")),
              "FILE:6: memory = \"0 MiB\": not a whole number of 4 KiB pages\n");
    EXPECT_EQ(project.problems_of(one_domain("", "2000 GiB")),
              "FILE:6: memory = \"2000 GiB\": a domain can have at most 1019 GiB\n");
}

TEST_F(DescriptionChecker, a_domain_has_room_for_its_own_images)
{
    project.add_file("big", arm64_image(100ULL << 20U));
    EXPECT_EQ(project.problems_of(
                  "[machine]\nname = \"virt\"\n[[domain]]\nname = \"a\"\nkernel = \"big\"\n"
                  "memory = \"64 MiB\"\n"),
              "FILE:6: memory = \"64 MiB\": its images need 100 MiB once loaded; give it at least "
              "128 MiB\n");
}

TEST_F(DescriptionChecker, names_are_plain_and_different)
{
    EXPECT_EQ(
        project.problems_of(
            one_domain("[[domain]]\nname = \"linux\"\nkernel = \"Image\"\nmemory = \"1 MiB\"\n"
                       "[[domain]]\nname = \"a b\"\nkernel = \"Image\"\nmemory = \"1 MiB\"\n"
                       "[[domain]]\nname = \"bulkhead\"\nkernel = \"Image\"\n"
                       "memory = \"1 MiB\"\n")),
        "FILE:8: name = \"linux\": another domain has this name (line 4); each needs its own\n"
        "FILE:12: name = \"a b\": a name has 1 to 31 letters, digits, - or _\n"
        "FILE:16: name = \"bulkhead\": that is what the hypervisor's own console lines are called; "
        "choose "
        "another\n");
}

TEST_F(DescriptionChecker, a_missing_file_is_answered_with_the_nearest_in_its_folder)
{
    const std::string file = (project.project().root() / "Imaeg").string();
    EXPECT_EQ(project.problems_of(
                  "[machine]\nname = \"virt\"\n[[domain]]\nname = \"a\"\nkernel = \"Imaeg\"\n"
                  "memory = \"1 MiB\"\n"),
              "FILE:5: kernel = \"Imaeg\": no such file (" + file + "); did you mean \"Image\"?\n");
    const std::string folder = (project.project().root() / "no").string();
    EXPECT_EQ(project.problems_of(
                  "[machine]\nname = \"virt\"\n[[domain]]\nname = \"a\"\nkernel = \"no/Image\"\n"
                  "memory = \"1 MiB\"\n"),
              "FILE:5: kernel = \"no/Image\": no such file (" + folder +
                  "/Image); there is no folder " + folder + "\n");
}

TEST_F(DescriptionChecker, an_unknown_built_in_image_is_answered_with_the_nearest)
{
    EXPECT_EQ(project.problems_of(one_domain("ramdisk = \"debian:busybox\"\n")),
              "FILE:7: ramdisk = \"debian:busybox\": no such built-in image; did you mean "
              "\"debian:busybox-initrd\"?\n");
}

TEST_F(DescriptionChecker, a_guest_that_is_not_built_yet_is_no_problem_but_one_that_is_unknown_is)
{
    const std::string toml = "[machine]\nname = \"virt\"\n[[domain]]\nname = \"a\"\nkernel = "
                             "\"guest:latencies\"\nmemory = \"1 MiB\"\n";
    EXPECT_EQ(project.problems_of(toml), "");
    project.add_file("out/guests/latency.bin", arm64_image(4096));
    EXPECT_EQ(
        project.problems_of(toml),
        "FILE:5: kernel = \"guest:latencies\": no such guest; did you mean \"guest:latency\"?\n");
}

TEST_F(DescriptionChecker, a_kernel_is_an_arm64_image)
{
    project.add_file("elf", "\x7f"
                            "ELF" +
                                std::string(100, '\0'));
    project.add_file("text", std::string(100, 'x'));
    project.add_file("empty", "");
    const auto with_kernel = [&](const std::string& kernel) {
        return project.problems_of(
            "[machine]\nname = \"virt\"\n[[domain]]\nname = \"a\"\nkernel = \"" + kernel +
            "\"\nmemory = \"1 MiB\"\n");
    };
    EXPECT_EQ(with_kernel("elf"),
              "FILE:5: kernel = \"elf\": an ELF file, but domains start from an arm64 Image; make "
              "one with llvm-objcopy -O binary (Linux: arch/arm64/boot/Image)\n");
    EXPECT_EQ(with_kernel("text"),
              "FILE:5: kernel = \"text\": not an arm64 Image (no \"ARM\\x64\" at offset 56) and "
              "not a gzip of one\n");
    const std::string root = project.project().root().string();
    EXPECT_EQ(with_kernel("empty"), "FILE:5: kernel = \"empty\": " + root + "/empty is empty\n");
    EXPECT_EQ(with_kernel("."), "FILE:5: kernel = \".\": " + root + "/. is not a file\n");
}

TEST_F(DescriptionChecker, devices_are_given_by_name_or_by_a_tree)
{
    project.add_file("devices.dtb", DeviceTree::empty().bytes());
    EXPECT_EQ(project.problems_of(one_domain("devices = [\"/rtc\"]\n")), "");
    EXPECT_EQ(
        project.problems_of(one_domain("devices = [\"/rtc\"]\ndevice_tree = \"devices.dtb\"\n")),
        "FILE:7: devices = [\"/rtc\"]: the device_tree of line 8 says that already; remove "
        "one\n");
    EXPECT_TRUE(project.problems_of(one_domain("devices = [1]\n"))
                    .contains("this needs a list of texts, for example devices = "));
}

TEST_F(DescriptionChecker, a_partial_device_tree_has_to_be_one)
{
    project.add_file("devices.dtb", "not a tree");
    EXPECT_EQ(project.problems_of(one_domain("device_tree = \"devices.dtb\"\n")),
              "FILE:7: device_tree = \"devices.dtb\": " +
                  (project.project().root() / "devices.dtb").string() +
                  ": not a sound device tree (FDT_ERR_TRUNCATED); make one with dtc\n");
}

TEST_F(DescriptionChecker, command_lines_have_an_end)
{
    EXPECT_EQ(project.problems_of(one_domain("cmdline = \"" + std::string(1024, 'x') + "\"\n")),
              "FILE:7: cmdline = \"" + std::string(1024, 'x') +
                  "\": 1024 characters long; 1023 are possible\n");
}

TEST_F(DescriptionChecker, a_console_needs_an_interrupt)
{
    EXPECT_EQ(project.problems_of(one_domain("nr_spis = 0\n")),
              "FILE:7: nr_spis = 0: the console (vpl011) needs the first one; write at least 1, or "
              "vpl011 = false\n");
    EXPECT_EQ(project.problems_of(one_domain("nr_spis = 0\nvpl011 = false\n")), "");
    EXPECT_EQ(project.problems_of(one_domain("nr_spis = 1000\n")),
              "FILE:7: nr_spis = 1000: a domain can have at most 988\n");
}

TEST_F(DescriptionChecker, what_follows_a_reset_or_a_crash_is_one_of_three)
{
    EXPECT_EQ(project.problems_of(
                  one_domain("on_reset = \"stop\"\non_crash = \"panic\"\nwatchdog_ms = 1\n")),
              "");
    EXPECT_EQ(project.problems_of(one_domain("on_reset = \"reboot\"\n")),
              "FILE:7: on_reset = \"reboot\": has to be \"restart\", \"stop\" or \"panic\"\n");
    EXPECT_EQ(project.problems_of(one_domain("on_crash = \"\"\n")),
              "FILE:7: on_crash = \"\": has to be \"restart\", \"stop\" or \"panic\"\n");
    EXPECT_EQ(project.problems_of(one_domain("watchdog_ms = 0\n")),
              "FILE:7: watchdog_ms = 0: a watchdog needs at least 1 ms; remove the key if there is "
              "to be none\n");
}

TEST_F(DescriptionChecker, a_channel_joins_domains_at_free_ports)
{
    const auto with = [&](const std::string& channels) {
        return project.problems_of(one_domain("[[domain]]\nname = \"rtos\"\nkernel = \"Image\"\n"
                                              "memory = \"64 MiB\"\n" +
                                              channels));
    };
    const auto channel = [](const std::string& port, const std::string& peer,
                            const std::string& peer_port) {
        return "[[channel]]\ndomain = \"linux\"\nport = " + port + "\npeer = \"" + peer +
               "\"\npeer_port = " + peer_port + "\n";
    };
    EXPECT_EQ(with(channel("1", "rtos", "1") + channel("2", "rtos", "1023")), "");
    EXPECT_EQ(with(channel("1", "linux", "2")), "") << "a domain may ring itself";
    EXPECT_EQ(with(channel("1", "rots", "1")),
              "FILE:14: peer = \"rots\": no domain has this name; did you mean \"rtos\"?\n");
    EXPECT_EQ(with(channel("0", "rtos", "1024")),
              "FILE:13: port = 0: ports are 1 to 1023\n"
              "FILE:15: peer_port = 1024: ports are 1 to 1023\n");
    EXPECT_EQ(with(channel("1", "rtos", "1") + channel("1", "rtos", "2")),
              "FILE:18: port = 1: \"linux\" has a channel at this port (line 13)\n");
    EXPECT_EQ(with("[[channel]]\ndomain = \"linux\"\nport = 1\npeer = \"rtos\"\n"),
              "FILE:11: peer_port: missing; [[channel]] needs it, for example peer_port = 1\n");
}

TEST_F(DescriptionChecker, static_memory_is_free_ram_and_as_much_as_memory_says)
{
    const auto with = [&](const std::string& ranges, const std::string& more = {}) {
        return project.problems_of(one_domain("static_memory = [" + ranges + "]\n" + more));
    };
    EXPECT_EQ(with("\"64 MiB at 0x50000000\""), "");
    EXPECT_EQ(
        with("\"64 MiB\""),
        "FILE:7: static_memory = [\"64 MiB\"]: \"64 MiB\" has to be a size and an address, for "
        "example static_memory = [\"256 MiB at 0x50000000\"]\n");
    EXPECT_EQ(with("\"32 MiB at 0x50000000\""),
              "FILE:7: static_memory = [\"32 MiB at 0x50000000\"]: 32 MiB in all, but memory = 64 "
              "MiB (line 6)\n");
    EXPECT_TRUE(with("\"64 MiB at 0x50000800\"").contains("not on a page; 0x50001000 would be\n"));
    EXPECT_TRUE(with("\"64 MiB at 0x100000000\"").contains("but RAM is "));
    EXPECT_TRUE(with("\"32 MiB at 0x50000000\", \"32 MiB at 0x51000000\"")
                    .contains("would overlap linux's static memory (0x50000000-0x51ffffff)"));
    EXPECT_TRUE(with("\"64 MiB at 0x50000000\"", "kernel_address = 0x50000000\n")
                    .contains("would overlap linux's kernel"));
    EXPECT_EQ(project.problems_of(one_domain("direct_map = true\n")),
              "FILE:7: direct_map = true: needs static_memory: which memory of the machine's the "
              "domain has\n");
    EXPECT_EQ(with("\"64 MiB at 0x50000000\"", "direct_map = true\n"), "");
}

TEST_F(DescriptionChecker, shared_memory_is_whole_pages_of_domains_that_there_are)
{
    const auto with = [&](const std::string& size, const std::string& domains,
                          const std::string& addresses, const std::string& more = {}) {
        return project.problems_of(one_domain(
            "[[domain]]\nname = \"rtos\"\nkernel = \"Image\"\nmemory = \"64 MiB\"\n"
            "[[shared_memory]]\nname = \"mail\"\nsize = \"" +
            size + "\"\ndomains = [" + domains + "]\naddresses = [" + addresses + "]\n" + more));
    };
    const std::string both = "\"linux\", \"rtos\"";
    const std::string places = "0x60000000, 0x70000000";
    EXPECT_EQ(with("64 KiB", both, places), "");
    EXPECT_EQ(with("64 KiB", both, places, "host_address = 0x50000000\nowner = \"rtos\"\n"), "");
    EXPECT_TRUE(
        with("1 KiB", both, places).contains("FILE:13: size = \"1 KiB\": not a whole number"));
    EXPECT_TRUE(
        with("64 KiB", both, "0x60000000")
            .contains("FILE:15: addresses = [0x60000000]: has 1 for 2 domains; give one for "
                      "each\n"));
    EXPECT_TRUE(with("64 KiB", "\"linux\", \"rots\"", places)
                    .contains("no domain is called \"rots\"; did you mean \"rtos\"?"));
    EXPECT_TRUE(with("64 KiB", both, "0x60000000, 0x40001000")
                    .contains("0x40001000 is in the RAM of \"rtos\" (0x40000000-0x43ffffff)"));
    EXPECT_TRUE(with("64 KiB", both, "0x60000000, 0x70000800").contains("0x70001000 would be"));
    EXPECT_TRUE(with("64 KiB", both, places, "owner = \"nobody\"\n")
                    .contains("owner = \"nobody\": is none of its domains"));
    EXPECT_TRUE(
        with("64 KiB", both, places, "host_address = 0x50000800\n").contains("not on a page"));
    const std::string again =
        "[[shared_memory]]\nname = \"mail\"\nsize = \"4 KiB\"\ndomains = []\naddresses = []\n";
    EXPECT_TRUE(
        with("64 KiB", both, places, again)
            .contains("FILE:17: name = \"mail\": other shared memory has this name (line 12)\n"));
    EXPECT_TRUE(
        project
            .problems_of(one_domain("static_memory = [\"64 MiB at 0x50000000\"]\n"
                                    "direct_map = true\n[[shared_memory]]\nname = \"m\"\n"
                                    "size = \"4 KiB\"\ndomains = [\"linux\"]\n"
                                    "addresses = [0x60000000]\n"))
            .contains("\"linux\" has direct_map (line 8): make 0x60000000 the host_address\n"));
}

TEST_F(DescriptionChecker, images_must_not_overlap)
{
    EXPECT_EQ(project.problems_of(one_domain("kernel_address = 0x50000000\nramdisk = \"Image\"\n"
                                             "ramdisk_address = 0x50000000\n")),
              "FILE:9: ramdisk_address = 0x50000000: linux's ramdisk (4 KiB, "
              "0x50000000-0x50000fff) would overlap "
              "linux's kernel (0x50000000-0x50000fff); 0x40400000 is free\n");
}

TEST_F(DescriptionChecker, images_must_not_overlap_the_hypervisor_or_what_the_loader_uses)
{
    EXPECT_EQ(project.problems_of(one_domain("kernel_address = 0x40200000\n")),
              "FILE:7: kernel_address = 0x40200000: linux's kernel (4 KiB, 0x40200000-0x40200fff) "
              "would overlap the "
              "hypervisor (0x40200000-0x403fffff); 0x40400000 is free\n");
    EXPECT_EQ(project.problems_of(one_domain("kernel_address = 0x40100000\n")),
              "FILE:7: kernel_address = 0x40100000: linux's kernel (4 KiB, 0x40100000-0x40100fff) "
              "would overlap "
              "the boot loader's first code (0x40000000-0x401fffff); 0x40400000 is free\n");
}

TEST_F(DescriptionChecker, images_are_in_ram_and_on_a_page)
{
    EXPECT_EQ(project.problems_of(one_domain("kernel_address = 0x10000000\n")),
              "FILE:7: kernel_address = 0x10000000: linux's kernel (4 KiB) would end at "
              "0x10001000, but RAM is "
              "0x40000000-0xbfffffff\n");
    EXPECT_EQ(project.problems_of(one_domain("kernel_address = 0x50000001\n")),
              "FILE:7: kernel_address = 0x50000001: not on a page; 0x50001000 would be\n");
}

TEST_F(DescriptionChecker, the_hypervisor_is_placed_by_the_same_rules)
{
    const auto with_address = [&](const std::string& address) {
        return project.problems_of(
            "[machine]\nname = \"virt\"\nhypervisor_address = " + address +
            "\n[[domain]]\nname = \"a\"\nkernel = \"Image\"\nmemory = \"1 MiB\"\n");
    };
    EXPECT_EQ(
        with_address("0x40300000"),
        "FILE:3: hypervisor_address = 0x40300000: not a multiple of 2 MiB; 0x40400000 would be\n");
    EXPECT_EQ(with_address("0x200000"),
              "FILE:3: hypervisor_address = 0x200000: the hypervisor (2 MiB) would end at "
              "0x400000, but RAM is 0x40000000-0xbfffffff\n");
    EXPECT_EQ(with_address("0x60000000"), "");
}

TEST_F(DescriptionChecker, there_are_at_most_32_images)
{
    std::string toml = "[machine]\nname = \"virt\"\nbootargs = \"sched=credit2\"\n";
    for (int index = 0; index < 17; ++index)
        toml += "[[domain]]\nname = \"d" + std::to_string(index) +
                "\"\nkernel = \"Image\"\nramdisk = \"Image\"\nmemory = \"2 MiB\"\n";
    EXPECT_EQ(
        project.problems_of(toml),
        "FILE:86: kernel = \"Image\": image number 33 of the system; the hypervisor takes 32\n");
}

TEST_F(DescriptionChecker, everything_wrong_is_reported_at_once_in_the_order_of_lines)
{
    EXPECT_EQ(project.problems_of("[machine]\nname = \"virt\"\ncpus = 0\n[[domain]]\nname = \"a\"\n"
                                  "kernel = \"gone\"\nmemory = \"5 GB\"\ncpus = [7]\n"),
              "FILE:3: cpus = 0: virt with a GICv3 can have 1 to 123 CPUs\n"
              "FILE:6: kernel = \"gone\": no such file (" +
                  (project.project().root() / "gone").string() +
                  "); paths are relative to the description; built in are \"debian:linux\", "
                  "\"debian:busybox-initrd\" and \"guest:latency\"\n"
                  "FILE:7: memory = \"5 GB\": \"GB\" is not a unit Bulkhead knows; write KiB, MiB "
                  "or GiB, such as "
                  "\"5 MiB\"\n"
                  "FILE:8: cpus = [7]: virt has no CPU 7; it has CPUs 0 to 3\n");
}

} // namespace
} // namespace bulkhead::tool
