#include "base/text.hpp"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace bulkhead::text {
namespace {

constexpr auto all_ones = ~std::uint64_t{0};

TEST(Text, split_takes_the_part_before_the_separator)
{
    std::string_view rest = "a=b=c";
    EXPECT_EQ(split(rest, '='), "a");
    EXPECT_EQ(rest, "b=c");
    EXPECT_EQ(split(rest, '='), "b");
    EXPECT_EQ(split(rest, '='), "c");
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(split(rest, '='), "");
}

TEST(Text, split_finds_empty_parts)
{
    std::string_view rest = ",,x,";
    EXPECT_EQ(split(rest, ','), "");
    EXPECT_EQ(split(rest, ','), "");
    EXPECT_EQ(split(rest, ','), "x");
    EXPECT_TRUE(rest.empty());
}

TEST(Text, a_number_is_in_cs_notation)
{
    EXPECT_EQ(number("0"), 0U);
    EXPECT_EQ(number("42"), 42U);
    EXPECT_EQ(number("0x2a"), 42U);
    EXPECT_EQ(number("0X2A"), 42U);
    EXPECT_EQ(number("052"), 42U);
    EXPECT_EQ(number("00"), 0U);
}

TEST(Text, a_number_is_the_whole_text)
{
    for (const std::string_view wrong :
         {"", "x", "0x", "4x", "-1", "+1", " 1", "1 ", "08", "1a", "0xg"})
        EXPECT_EQ(number(wrong), std::nullopt) << wrong;
}

TEST(Text, a_number_fits_64_bits)
{
    EXPECT_EQ(number("18446744073709551615"), all_ones);
    EXPECT_EQ(number("18446744073709551616"), std::nullopt);
    EXPECT_EQ(number("99999999999999999999"), std::nullopt);
    EXPECT_EQ(number("0xffffffffffffffff"), all_ones);
    EXPECT_EQ(number("0x10000000000000000"), std::nullopt);
    EXPECT_EQ(number("01777777777777777777777"), all_ones);
    EXPECT_EQ(number("02000000000000000000000"), std::nullopt);
}

TEST(Text, a_size_is_in_kib_unless_it_says_otherwise)
{
    EXPECT_EQ(size("4"), 4096U);
    EXPECT_EQ(size("4096B"), 4096U);
    EXPECT_EQ(size("4k"), 4096U);
    EXPECT_EQ(size("4K"), 4096U);
    EXPECT_EQ(size("3m"), 3U << 20);
    EXPECT_EQ(size("2G"), std::uint64_t{2} << 30);
    EXPECT_EQ(size("1t"), std::uint64_t{1} << 40);
}

TEST(Text, in_a_hexadecimal_size_b_is_a_digit)
{
    EXPECT_EQ(size("0x1b"), 0x1bU << 10);
    EXPECT_EQ(size("0X1B"), 0x1bU << 10);
    EXPECT_EQ(size("0x1bM"), 0x1bU << 20);
}

TEST(Text, what_is_no_size_is_refused)
{
    for (const std::string_view wrong : {"", "k", "B", "1x", "1kB", "x1k", "-1m", "1.5G"})
        EXPECT_EQ(size(wrong), std::nullopt) << wrong;
}

TEST(Text, a_size_fits_64_bits)
{
    EXPECT_EQ(size("18446744073709551615B"), all_ones);
    EXPECT_EQ(size("16777215T"), std::uint64_t{0xffffff} << 40);
    EXPECT_EQ(size("16777216T"), std::nullopt);
    EXPECT_EQ(size("18014398509481983"), (all_ones >> 10) << 10);
    EXPECT_EQ(size("18014398509481984"), std::nullopt);
}

TEST(Text, a_boolean_has_five_words_for_each)
{
    for (const std::string_view yes : {"yes", "on", "true", "enable", "1"})
        EXPECT_EQ(boolean(yes), true) << yes;
    for (const std::string_view no : {"no", "off", "false", "disable", "0"})
        EXPECT_EQ(boolean(no), false) << no;
    for (const std::string_view neither : {"", "2", "Yes", "enabled", "y"})
        EXPECT_EQ(boolean(neither), std::nullopt) << neither;
}

constexpr std::array<std::string_view, 4> options = {"console", "conswitch", "dtuart", "vwfi"};

TEST(Text, the_nearest_candidate_needs_the_fewest_changes)
{
    EXPECT_EQ(nearest("consol", options), "console");
    EXPECT_EQ(nearest("consoles", options), "console");
    EXPECT_EQ(nearest("connswitch", options), "conswitch");
    EXPECT_EQ(nearest("dtaurt", options), "dtuart");
    EXPECT_EQ(nearest("vwfi", options), "vwfi");
    EXPECT_EQ(nearest("vwfy", options), "vwfi");
}

TEST(Text, what_is_unlike_all_candidates_has_no_nearest)
{
    EXPECT_EQ(nearest("sched", options), "");
    EXPECT_EQ(nearest("", options), "");
    EXPECT_EQ(nearest("vw", options), "");
    EXPECT_EQ(nearest("console", {}), "");
}

TEST(Text, a_text_of_any_length_is_compared)
{
    for (std::size_t length = 0; length < 400; ++length)
        EXPECT_EQ(nearest(std::string(length, 'z'), options), "") << length;
    const std::string long_candidate(200, 'z');
    const std::array<std::string_view, 1> candidates = {long_candidate};
    EXPECT_EQ(nearest(std::string(200, 'y'), candidates), "");
}

} // namespace
} // namespace bulkhead::text
