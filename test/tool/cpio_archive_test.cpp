#include "busybox_initrd.hpp"
#include "cpio_archive.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

/// One member of an archive, read back.
struct Member {
    std::string name;
    std::uint32_t mode;
    std::uint32_t device_major;
    std::uint32_t device_minor;
    std::string contents;
};

std::uint32_t field(const std::string& archive, std::size_t header, std::size_t index)
{
    return static_cast<std::uint32_t>(
        std::stoul(archive.substr(header + 6 + 8 * index, 8), nullptr, 16));
}

std::size_t aligned(std::size_t offset) { return (offset + 3) & ~std::size_t{3}; }

std::vector<Member> members_of(const std::string& archive)
{
    std::vector<Member> members;
    for (std::size_t at = 0; at < archive.size();) {
        EXPECT_EQ(archive.substr(at, 6), "070701");
        const std::size_t name_size = field(archive, at, 11);
        const std::size_t size = field(archive, at, 6);
        const std::size_t contents = aligned(at + 110 + name_size);
        members.push_back({archive.substr(at + 110, name_size - 1), field(archive, at, 1),
                           field(archive, at, 9), field(archive, at, 10),
                           archive.substr(contents, size)});
        at = aligned(contents + size);
    }
    return members;
}

TEST(CpioArchive, members_are_read_back_as_added)
{
    CpioArchive archive;
    archive.add_folder("dev");
    archive.add_character_device("dev/console", 5, 1);
    archive.add_file("init", "#!/bin/sh\n", true);
    archive.add_file("notes", "x", false);
    archive.add_link("bin", "usr/bin");
    const std::vector<Member> members = members_of(std::move(archive).finished());

    ASSERT_EQ(members.size(), 6U);
    EXPECT_EQ(members[0].mode, 0040755U);
    EXPECT_EQ(members[1].name, "dev/console");
    EXPECT_EQ(members[1].mode, 0020600U);
    EXPECT_EQ(members[1].device_major, 5U);
    EXPECT_EQ(members[1].device_minor, 1U);
    EXPECT_EQ(members[2].mode, 0100755U);
    EXPECT_EQ(members[2].contents, "#!/bin/sh\n");
    EXPECT_EQ(members[3].mode, 0100644U);
    EXPECT_EQ(members[4].mode, 0120777U);
    EXPECT_EQ(members[4].contents, "usr/bin");
    EXPECT_EQ(members[5].name, "TRAILER!!!");
}

TEST(BusyboxInitrd, has_what_the_kernel_needs_to_start_init)
{
    const std::vector<Member> members = members_of(busybox_initrd("busybox's bytes"));
    const auto find = [&](const std::string& name) {
        for (const Member& member : members)
            if (member.name == name) return member;
        ADD_FAILURE() << name << " is not there";
        return Member{};
    };
    EXPECT_EQ(find("bin/busybox").contents, "busybox's bytes");
    EXPECT_EQ(find("bin/busybox").mode, 0100755U);
    EXPECT_EQ(find("bin/sh").contents, "busybox");
    EXPECT_EQ(find("dev/console").device_major, 5U);
    EXPECT_TRUE(find("init").contents.starts_with("#!/bin/busybox sh\n"));
    EXPECT_TRUE(find("init").contents.contains(std::string{"echo \""} + std::string{shell_marker}));
}

} // namespace
} // namespace bulkhead::tool
