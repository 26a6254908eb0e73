#include "byte_size.hpp"

#include <gtest/gtest.h>

namespace bulkhead::tool {
namespace {

TEST(ByteSize, units_are_powers_of_1024)
{
    EXPECT_EQ(parse_byte_size("64 KiB"), 65536U);
    EXPECT_EQ(parse_byte_size("256MiB"), 256U << 20U);
    EXPECT_EQ(parse_byte_size("3 GiB"), 3ULL << 30U);
}

TEST(ByteSize, a_number_alone_is_answered_with_a_unit)
{
    EXPECT_EQ(parse_byte_size("256").error(), R"(has no unit; write "256 MiB" (or KiB, GiB))");
}

TEST(ByteSize, decimal_units_are_refused)
{
    EXPECT_EQ(parse_byte_size("256 MB").error(),
              R"("MB" is not a unit Bulkhead knows; write KiB, MiB or GiB, such as "256 MiB")");
}

TEST(ByteSize, text_that_is_no_number_is_refused)
{
    for (const char* text : {"", "lots", "-1 MiB", " 1 MiB"})
        EXPECT_EQ(parse_byte_size(text).error(),
                  R"(not a size; write a whole number and KiB, MiB or GiB, such as "256 MiB")")
            << text;
}

TEST(ByteSize, what_does_not_fit_64_bits_is_refused)
{
    EXPECT_EQ(parse_byte_size("99999999999999999999 KiB").error(), "larger than any machine");
    EXPECT_EQ(parse_byte_size("99999999999999 GiB").error(), "larger than any machine");
}

TEST(ByteSize, a_size_is_written_in_the_largest_unit_that_divides_it)
{
    EXPECT_EQ(format_byte_size(2ULL << 30U), "2 GiB");
    EXPECT_EQ(format_byte_size(1536ULL << 10U), "1536 KiB");
    EXPECT_EQ(format_byte_size(17), "17 bytes");
    EXPECT_EQ(format_byte_size_roughly((5ULL << 20U) + 1000), "5 MiB");
    EXPECT_EQ(format_byte_size_roughly(1), "1 KiB");
}

} // namespace
} // namespace bulkhead::tool
