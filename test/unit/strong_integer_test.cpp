#include "base/strong_integer.hpp"

#include "base/types.hpp"

#include <concepts>
#include <cstdint>
#include <gtest/gtest.h>
#include <type_traits>

namespace bulkhead {
namespace {

static_assert(sizeof(DomainId) == 2 && sizeof(Gfn) == 8);
static_assert(std::is_trivially_copyable_v<Gfn>);

static_assert(IsStrongInteger<Gfn>);
static_assert(!IsStrongInteger<std::uint64_t>);

// Nothing becomes another thing by itself.
static_assert(!std::convertible_to<Gfn, Mfn> && !std::constructible_from<Gfn, Mfn>);
static_assert(!std::convertible_to<Gfn, std::uint64_t>);
static_assert(!std::convertible_to<std::uint64_t, Gfn>);
static_assert(!std::equality_comparable_with<Gfn, Mfn>);

template <typename A, typename B>
concept CanAdd = requires(A a, B b) { a + b; };
template <typename A, typename B>
concept CanSubtract = requires(A a, B b) { a - b; };
static_assert(CanAdd<Gfn, std::uint64_t> && CanSubtract<Gfn, Gfn>);
static_assert(!CanAdd<Gfn, Gfn> && !CanSubtract<Gfn, Mfn>);

TEST(StrongInteger, starts_at_zero) { EXPECT_EQ(Gfn{}.value(), 0U); }

TEST(StrongInteger, is_moved_by_a_distance)
{
    EXPECT_EQ(Gfn{10} + 5, Gfn{15});
    EXPECT_EQ(Gfn{10} - 4, Gfn{6});
    Gfn position{1};
    position += 2;
    EXPECT_EQ(++position, Gfn{4});
}

TEST(StrongInteger, two_have_a_distance)
{
    EXPECT_EQ(Gfn{10} - Gfn{4}, 6U);
    static_assert(std::same_as<decltype(Gfn{} - Gfn{}), std::uint64_t>);
}

TEST(StrongInteger, is_ordered)
{
    EXPECT_LT(Gfn{1}, Gfn{2});
    EXPECT_GE(Gfn{2}, Gfn{2});
    EXPECT_NE(Gfn{1}, Gfn{2});
}

TEST(StrongInteger, a_narrow_one_wraps_in_its_width)
{
    EXPECT_EQ(DomainId{0xffff} + 1, DomainId{0});
    EXPECT_EQ(DomainId{0} - DomainId{1}, 0xffffU);
}

TEST(StrongInteger, a_frame_is_where_its_address_is)
{
    EXPECT_EQ(frame_of(PhysicalAddress{0x12345678}), Mfn{0x12345});
    EXPECT_EQ(address_of(Mfn{0x12345}), PhysicalAddress{0x12345000});
    EXPECT_EQ(frame_of(GuestAddress{0xfff}), Gfn{0});
    EXPECT_EQ(address_of(Gfn{1}), GuestAddress{0x1000});
}

} // namespace
} // namespace bulkhead
