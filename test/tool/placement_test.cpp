#include "placement.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

constexpr std::uint64_t mib = 1U << 20U;

MachineFacts machine(std::vector<MemoryRange> ram)
{
    return {.title = "test", .ram = std::move(ram), .cpus = 1, .gic = 3, .reserved = {}};
}

TEST(Placement, requests_follow_each_other_on_2_mib_boundaries)
{
    Problems problems;
    const auto placed = place({{"a", 5, {}}, {"b", 3 * mib, {}}, {"c", 1, {}}},
                              machine({{0x4000'0000, 64 * mib}}), {}, problems);
    EXPECT_EQ(placed, (std::vector<MemoryRange>{
                          {0x4000'0000, 5}, {0x4020'0000, 3 * mib}, {0x4060'0000, 1}}));
    EXPECT_TRUE(problems.empty());
}

TEST(Placement, what_is_taken_is_stepped_over)
{
    Problems problems;
    const auto placed = place({{"a", 4 * mib, {}}}, machine({{0, 64 * mib}}),
                              {{{2 * mib, mib}, "x"}, {{8 * mib, 1}, "y"}}, problems);
    EXPECT_EQ(placed[0].start, 4 * mib);
}

TEST(Placement, a_wanted_address_is_honoured_before_others_are_chosen)
{
    Problems problems;
    const auto placed =
        place({{"chosen", mib, {}}, {"wanted", mib, 0}}, machine({{0, 64 * mib}}), {}, problems);
    EXPECT_EQ(placed[1].start, 0U);
    EXPECT_EQ(placed[0].start, 2 * mib);
}

TEST(Placement, a_second_bank_is_used_when_the_first_is_full)
{
    Problems problems;
    const auto placed = place({{"big", 60 * mib, {}}},
                              machine({{0, 32 * mib}, {0x8'0000'0000, 64 * mib}}), {}, problems);
    EXPECT_EQ(placed[0].start, 0x8'0000'0000U);
}

TEST(Placement, what_does_not_fit_is_said_with_its_size)
{
    Problems problems;
    place({{"the hypervisor", 100 * mib, {}, {"memory", "\"64 MiB\"", 3}}},
          machine({{0, 64 * mib}}), {}, problems);
    EXPECT_EQ(problems.shown("FILE"),
              "FILE:3: memory = \"64 MiB\": the hypervisor (100 MiB) does not fit into what "
              "is left of RAM (64 MiB); give the machine more memory\n");
}

} // namespace
} // namespace bulkhead::tool
