#include "base/register.hpp"

#include "base/bits.hpp"
#include "base/types.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

namespace bulkhead {
namespace {

enum class Colour : std::uint8_t { red, green, blue };

struct Sample : Register<Sample, std::uint32_t> {
    static constexpr Field<0, 0, bool> on{};
    static constexpr Field<7, 4> count{};
    static constexpr Field<9, 8, Colour> colour{};
    static constexpr Field<31, 22, Intid> intid{};
};
static_assert(sizeof(Sample) == 4);

struct Wide : Register<Wide, std::uint64_t> {
    static constexpr Field<63, 0> all{};
    static constexpr Field<63, 63, bool> top{};
};

TEST(Register, starts_at_zero) { EXPECT_EQ(Sample{}.raw(), 0U); }

TEST(Register, a_field_is_where_it_says)
{
    EXPECT_EQ(Sample{}.with(Sample::on, true).raw(), 1U);
    EXPECT_EQ(Sample{}.with(Sample::count, 0xf).raw(), 0xf0U);
    EXPECT_EQ(Sample{}.with(Sample::colour, Colour::blue).raw(), 0x200U);
    EXPECT_EQ(Sample{}.with(Sample::intid, Intid{1019}).raw(), 1019U << 22);
    EXPECT_EQ(Wide{}.with(Wide::top, true).raw(), std::uint64_t{1} << 63);
    EXPECT_EQ(Wide{}.with(Wide::all, ~std::uint64_t{0}).raw(), ~std::uint64_t{0});
}

TEST(Register, a_field_reads_as_what_was_written_in_its_type)
{
    const auto value = Sample::from(0xfec0'0251);
    EXPECT_EQ(value.get(Sample::on), true);
    EXPECT_EQ(value.get(Sample::count), 5U);
    EXPECT_EQ(value.get(Sample::colour), Colour::blue);
    EXPECT_EQ(value.get(Sample::intid), Intid{1019});
}

TEST(Register, changing_a_field_leaves_the_others)
{
    const auto ones = Sample::from(~std::uint32_t{0});
    EXPECT_EQ(ones.with(Sample::on, false).raw(), 0xffff'fffeU);
    EXPECT_EQ(ones.with(Sample::count, 0).raw(), 0xffff'ff0fU);
    EXPECT_EQ(ones.with(Sample::intid, Intid{0}).raw(), 0x003f'ffffU);
}

TEST(Register, what_does_not_fit_into_a_field_stays_out_of_its_neighbours)
{
    EXPECT_EQ(Sample{}.with(Sample::count, 0x123).raw(), 0x30U);
}

TEST(Register, compares_by_value)
{
    EXPECT_EQ(Sample::from(5), Sample::from(5));
    EXPECT_NE(Sample::from(5), Sample::from(4));
}

TEST(Bits, cover_both_ends)
{
    EXPECT_EQ(bits(0, 0), 1U);
    EXPECT_EQ(bits(7, 4), 0xf0U);
    EXPECT_EQ(bits(63, 0), ~std::uint64_t{0});
    EXPECT_EQ(bits(63, 63), bit(63));
}

TEST(Bits, alignment_goes_down_and_up)
{
    EXPECT_EQ(align_down(std::uint64_t{0x1fff}, 0x1000), 0x1000U);
    EXPECT_EQ(align_up(std::uint64_t{0x1001}, 0x1000), 0x2000U);
    EXPECT_EQ(align_up(std::uint64_t{0x1000}, 0x1000), 0x1000U);
    EXPECT_EQ(align_up(~std::uint64_t{0}, 0x1000), 0U);
    EXPECT_TRUE(is_aligned(0x4000, 0x1000));
    EXPECT_FALSE(is_aligned(0x4008, 0x1000));
}

TEST(Bits, every_set_bit_is_visited_once_from_below)
{
    std::vector<unsigned> seen;
    for_each_bit(std::uint64_t{0x8000'0000'0000'0011},
                 [&](unsigned position) { seen.push_back(position); });
    EXPECT_EQ(seen, (std::vector<unsigned>{0, 4, 63}));
    for_each_bit(std::uint8_t{0}, [](unsigned) { FAIL(); });
}

} // namespace
} // namespace bulkhead
