#include "nearest_name.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace bulkhead::tool {
namespace {

const std::vector<std::string> known{"name", "kernel", "memory", "cpus", "vcpus"};

TEST(NearestName, distance_counts_inserted_deleted_and_replaced_characters)
{
    EXPECT_EQ(edit_distance("memory", "memory"), 0U);
    EXPECT_EQ(edit_distance("memroy", "memory"), 2U);
    EXPECT_EQ(edit_distance("", "cpus"), 4U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(NearestName, a_misspelling_finds_its_word)
{
    EXPECT_EQ(nearest_name("memroy", known), "memory");
    EXPECT_EQ(nearest_name("cpu", known), "cpus");
    EXPECT_EQ(nearest_name("vcpu", known), "vcpus");
}

TEST(NearestName, a_word_cut_short_finds_its_whole)
{
    const std::vector<std::string> images{"debian:linux", "debian:busybox-initrd"};
    EXPECT_EQ(nearest_name("debian:busybox", images), "debian:busybox-initrd");
}

TEST(NearestName, another_word_finds_nothing_and_is_answered_with_all)
{
    EXPECT_EQ(nearest_name("passthrough", known), std::nullopt);
    EXPECT_EQ(suggestion("passthrough", known), "known are name, kernel, memory, cpus and vcpus");
}

} // namespace
} // namespace bulkhead::tool
