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

/// The low `width` bits as a number with a sign.
constexpr std::uint64_t sign_extended(std::uint64_t value, unsigned width)
{
    const unsigned unused = 64 - width;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
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

/// The positions of the bits that are set, lowest first.
template <std::unsigned_integral T>
class BitPositions {
public:
    constexpr explicit BitPositions(T set) : set_(set) {}

    struct End {};
    class Iterator {
    public:
        constexpr explicit Iterator(T left) : left_(left) {}
        constexpr unsigned operator*() const
        {
            return static_cast<unsigned>(std::countr_zero(left_));
        }
        constexpr Iterator& operator++()
        {
            left_ = static_cast<T>(left_ & (left_ - 1));
            return *this;
        }
        constexpr bool operator!=(End /*end*/) const { return left_ != 0; }

    private:
        T left_;
    };
    [[nodiscard]] constexpr Iterator begin() const { return Iterator{set_}; }
    [[nodiscard]] constexpr End end() const { return {}; }

private:
    T set_;
};

/// `for (const unsigned position : each_bit(set))`.
template <std::unsigned_integral T>
constexpr BitPositions<T> each_bit(T set)
{
    return BitPositions<T>{set};
}

/// Calls `visit(position)` for every bit that is set, lowest first.
template <std::unsigned_integral T>
constexpr void for_each_bit(T set, auto&& visit)
{
    for (; set != 0; set = static_cast<T>(set & (set - 1)))
        visit(static_cast<unsigned>(std::countr_zero(set)));
}

} // namespace bulkhead
