#pragma once

#include <cstdint>

namespace bulkhead::guest {

/// Bits High..Low of a register, as T. Written as the manual writes them, high bit first.
template <unsigned High, unsigned Low, class T = std::uint64_t>
struct Field {
    static_assert(High >= Low && High < 64);
    static constexpr std::uint64_t ones = ~0ULL >> (63U - (High - Low));
    static constexpr std::uint64_t mask = ones << Low;

    static constexpr T of(std::uint64_t raw) { return static_cast<T>((raw >> Low) & ones); }
    static constexpr std::uint64_t put(T value)
    {
        return (static_cast<std::uint64_t>(value) & ones) << Low;
    }
};

template <unsigned Position>
using Bit = Field<Position, Position, bool>;

static_assert(Field<31, 26>::mask == 0xfc00'0000);
static_assert(Field<63, 0>::mask == ~0ULL);
static_assert(Field<31, 26>::of(0x9600'0010) == 0x25);

} // namespace bulkhead::guest
