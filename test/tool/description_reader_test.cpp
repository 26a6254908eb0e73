#include "description_reader.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

std::string problems_of_form(const std::string& toml)
{
    Problems problems;
    (void)read_description(toml, "FILE", {}, problems);
    return problems.shown("FILE");
}

TEST(DescriptionReader, reads_every_key)
{
    Problems problems;
    const SystemDescription system = read_description(R"(
[machine]
name = "virt"
gic = 2
cpus = 8
memory = "3 GiB"
hypervisor_address = 0x4040_0000
bootargs = "console=dtuart"
deterministic = false

[[domain]]
name = "linux"
kernel = "Image"
kernel_address = 0x50000000
ramdisk = "initrd"
device_tree = "devices.dtb"
cmdline = "console=ttyAMA0 quiet"
memory = "256 MiB"
vcpus = 2
cpus = [2, 3]
vpl011 = false
nr_spis = 64
)",
                                                      "folder/some.toml", {}, problems);
    EXPECT_EQ(problems.shown(""), "");
    EXPECT_EQ(system.name(), "some");
    EXPECT_EQ(kind_of(system.machine), MachineKind::virt);
    EXPECT_EQ(system.machine.gic->value, 2U);
    EXPECT_EQ(system.machine.cpus->value, 8U);
    EXPECT_EQ(system.machine.memory->value, 3ULL << 30U);
    EXPECT_EQ(system.machine.hypervisor_address->value, 0x40400000U);
    EXPECT_EQ(system.machine.bootargs.value, "console=dtuart");
    EXPECT_FALSE(system.machine.deterministic.value);
    ASSERT_EQ(system.domains.size(), 1U);
    const DomainDescription& domain = system.domains.front();
    EXPECT_EQ(domain.name.value, "linux");
    EXPECT_EQ(domain.kernel->source.value, "Image");
    EXPECT_EQ(domain.kernel->source.origin.line, 13U);
    EXPECT_EQ(domain.kernel->address->value, 0x50000000U);
    EXPECT_EQ(domain.ramdisk->source.value, "initrd");
    EXPECT_EQ(domain.device_tree->source.value, "devices.dtb");
    EXPECT_EQ(domain.cmdline->value, "console=ttyAMA0 quiet");
    EXPECT_EQ(domain.memory.value, 256ULL << 20U);
    EXPECT_EQ(domain.vcpus.value, 2U);
    EXPECT_EQ(domain.cpus->value, (std::vector<std::uint32_t>{2, 3}));
    EXPECT_FALSE(domain.vpl011.value);
    EXPECT_EQ(domain.nr_spis->value, 64U);
}

TEST(DescriptionReader, what_is_left_out_has_a_sensible_value)
{
    Problems problems;
    const SystemDescription system = read_description(R"([machine]
name = "zcu102"
[[domain]]
name = "a"
kernel = "k"
memory = "1 MiB"
cpus = [0, 1, 2]
[[domain]]
name = "b"
kernel = "k"
memory = "1 MiB"
)",
                                                      "FILE", {}, problems);
    EXPECT_EQ(problems.shown(""), "");
    EXPECT_EQ(system.machine.bootargs.value, "console=dtuart sched=null");
    EXPECT_EQ(system.domains[0].vcpus.value, 3U) << "one for each CPU it names";
    EXPECT_EQ(system.domains[1].vcpus.value, 1U);
    EXPECT_TRUE(system.domains[0].vpl011.value);
}

TEST(DescriptionReader, a_command_line_replaces_the_machine_and_its_controller)
{
    Problems problems;
    const SystemDescription system =
        read_description("[machine]\nname = \"zcu102\"\ngic = 2\n[[domain]]\n", "FILE",
                         {.kind = MachineKind::virt, .gic = 3}, problems);
    EXPECT_EQ(kind_of(system.machine), MachineKind::virt);
    EXPECT_EQ(system.machine.kind->origin.text, "\"virt\" (--machine)");
    EXPECT_EQ(system.machine.gic->value, 3U);
    EXPECT_EQ(system.machine.gic->origin.text, "3 (--gic)");
}

TEST(DescriptionReader, broken_syntax_has_its_line)
{
    EXPECT_TRUE(problems_of_form("[machine]\nname = \n").starts_with("FILE:2: TOML syntax: "));
}

TEST(DescriptionReader, an_unknown_key_is_answered_with_the_nearest)
{
    EXPECT_EQ(problems_of_form(R"([machine]
name = "virt"
gik = 3
[[domain]]
name = "a"
kernel = "k"
memroy = "1 MiB"
memory = "1 MiB"
[domian]
)"),
              "FILE:3: gik = 3: unknown key in [machine]; did you mean \"gic\"?\n"
              "FILE:7: memroy = \"1 MiB\": unknown key in [[domain]]; did you mean \"memory\"?\n"
              "FILE:9: domian: unknown outside of a section; did you mean \"domain\"?\n");
}

TEST(DescriptionReader, a_key_with_no_near_one_is_answered_with_all)
{
    EXPECT_EQ(problems_of_form(R"([machine]
name = "virt"
passthrough = ["/x", 1]
[[domain]]
name = "a"
kernel = "k"
memory = "1 MiB"
)"),
              "FILE:3: passthrough = [\"/x\", 1]: unknown key in [machine]; known are name, gic, "
              "cpus, memory, "
              "device_tree, hypervisor_address, bootargs and deterministic\n");
}

TEST(DescriptionReader, a_wrong_type_is_answered_with_a_right_value)
{
    EXPECT_EQ(
        problems_of_form(R"([machine]
name = 102
gic = "three"
deterministic = 1
hypervisor_address = "0x1000"
[[domain]]
name = ["a"]
kernel = true
memory = 256
cpus = [1, "2"]
vcpus = 2.5
vpl011 = "yes"
)"),
        "FILE:2: name = 102: a number, but this needs a text, for example name = \"zcu102\"\n"
        "FILE:3: gic = \"three\": a text, but this needs a number, for example gic = 3\n"
        "FILE:4: deterministic = 1: a number, but this needs true or false, for example "
        "deterministic = true\n"
        "FILE:5: hypervisor_address = \"0x1000\": a text, but this needs an address as a number, "
        "for example "
        "hypervisor_address = 0x200000\n"
        "FILE:7: name = [\"a\"]: a list, but this needs a text, for example name = \"linux\"\n"
        "FILE:8: kernel = true: true or false, but this needs a text, for example kernel = "
        "\"debian:linux\"\n"
        "FILE:9: memory = 256: a number, but this needs a text with a unit, for example memory = "
        "\"256 MiB\"\n"
        "FILE:10: cpus = [1, \"2\"]: a list, but this needs a list of numbers, for example cpus = "
        "[2, 3]\n"
        "FILE:11: vcpus = 2.5: a fraction, but this needs a number, for example vcpus = 2\n"
        "FILE:12: vpl011 = \"yes\": a text, but this needs true or false, for example vpl011 = "
        "true\n");
}

TEST(DescriptionReader, missing_keys_are_all_named_with_an_example)
{
    EXPECT_EQ(
        problems_of_form("[machine]\n\n[[domain]]\nvcpus = 1\n"),
        "FILE:1: name: missing; [machine] needs it, for example name = \"zcu102\"\n"
        "FILE:3: name: missing; [[domain]] needs it, for example name = \"linux\"\n"
        "FILE:3: kernel: missing; [[domain]] needs it, for example kernel = \"debian:linux\"\n"
        "FILE:3: memory: missing; [[domain]] needs it, for example memory = \"256 MiB\"\n");
}

TEST(DescriptionReader, sections_that_are_not_there_are_asked_for)
{
    EXPECT_EQ(problems_of_form("# nothing\n"),
              "FILE:1: there is no [machine] section; begin with [machine] and name = \"virt\"\n"
              "FILE:1: there is no domain; add a [[domain]] section for each guest\n");
}

TEST(DescriptionReader, single_brackets_around_a_domain_are_recognised)
{
    EXPECT_EQ(problems_of_form("[machine]\nname = \"virt\"\n[domain]\nname = \"a\"\n"),
              "FILE:3: domain: not a list of sections; head each domain with [[domain]], in double "
              "brackets\n");
}

TEST(DescriptionReader, a_machine_that_is_not_a_section_is_recognised)
{
    EXPECT_EQ(problems_of_form(
                  "machine = \"virt\"\n[[domain]]\nname=\"a\"\nkernel=\"k\"\nmemory=\"1 MiB\"\n"),
              "FILE:1: machine: not a section; write [machine], in single brackets, and its keys "
              "below\n");
}

TEST(DescriptionReader, an_unknown_machine_is_answered_with_the_known)
{
    EXPECT_EQ(
        problems_of_form("[machine]\nname = "
                         "\"zcu104\"\n[[domain]]\nname=\"a\"\nkernel=\"k\"\nmemory=\"1 MiB\"\n"),
        "FILE:2: name = \"zcu104\": no such machine; did you mean \"zcu102\"?\n");
    EXPECT_EQ(
        problems_of_form("[machine]\nname = "
                         "\"raspberry\"\n[[domain]]\nname=\"a\"\nkernel=\"k\"\nmemory=\"1 MiB\"\n"),
        "FILE:2: name = \"raspberry\": no such machine; known are zcu102, virt and board\n");
}

TEST(DescriptionReader, negative_and_huge_numbers_are_out_of_range)
{
    EXPECT_EQ(
        problems_of_form(R"([machine]
name = "virt"
cpus = -1
[[domain]]
name = "a"
kernel = "k"
memory = "1 MiB"
vcpus = 5_000_000_000
cpus = [-2]
)"),
        "FILE:3: cpus = -1: -1 is out of range; 0 to 4294967295 are possible\n"
        "FILE:8: vcpus = 5000000000: 5000000000 is out of range; 0 to 4294967295 are possible\n"
        "FILE:9: cpus = [-2]: -2 is out of range; 0 to 4294967295 are possible\n");
}

TEST(DescriptionReader, an_address_without_an_image_has_nothing_to_load)
{
    EXPECT_EQ(problems_of_form(R"([machine]
name = "virt"
[[domain]]
name = "a"
kernel = "k"
memory = "1 MiB"
ramdisk_address = 0x50000000
)"),
              "FILE:7: ramdisk_address = 0x50000000: there is no ramdisk to load; add one or "
              "remove this\n");
}

} // namespace
} // namespace bulkhead::tool
