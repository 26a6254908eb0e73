#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

namespace bulkhead {

constexpr std::uint64_t bit(unsigned position) { return std::uint64_t{1} << position; }

/// Ones from bit `low` to bit `high`, both included.
constexpr std::uint64_t bits(unsigned high, unsigned low)
{
    return (~std::uint64_t{0} >> (63 - high)) & (~std::uint64_t{0} << low);
}

template <std::unsigned_integral T>
constexpr T align_down(T value, std::uint64_t alignment)
{
    return static_cast<T>(value & ~(alignment - 1));
}

/// `alignment` is a power of two; wraps to 0 past the type's end.
template <std::unsigned_integral T>
constexpr T align_up(T value, std::uint64_t alignment)
{
    return align_down(static_cast<T>(value + alignment - 1), alignment);
}

constexpr bool is_aligned(std::uint64_t value, std::uint64_t alignment)
{
    return (value & (alignment - 1)) == 0;
}

/// Calls `visit(position)` for every bit that is set, lowest first.
template <std::unsigned_integral T>
constexpr void for_each_bit(T set, auto&& visit)
{
    for (; set != 0; set = static_cast<T>(set & (set - 1)))
        visit(static_cast<unsigned>(std::countr_zero(set)));
}

} // namespace bulkhead
