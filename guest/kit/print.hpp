#pragma once

#include "kit/console.hpp"
#include "kit/interrupt.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bulkhead::guest {

/// A number to print as 0x..., with at least `digits` digits.
struct Hex {
    std::uint64_t value;
    unsigned digits;
};
constexpr Hex hex(std::uint64_t value, unsigned digits = 1) { return {value, digits}; }

/// One thing to print.
class Part {
public:
    constexpr Part(std::string_view text)
        : data_{text.data()}, value_{text.size()}, form_{characters}
    {
    }
    constexpr Part(const char* text) : Part{std::string_view{text}} {}
    constexpr Part(Hex number)
        : value_{number.value}, form_{static_cast<std::int8_t>(number.digits)}
    {
    }
    constexpr Part(Intid intid) : value_{intid.value} {}
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
    constexpr Part(Integer number)
        : value_{static_cast<std::uint64_t>(number)}, form_{number < 0 ? negative : decimal}
    {
    }

private:
    friend class Line;
    static constexpr std::int8_t decimal = 0;
    static constexpr std::int8_t negative = -1;   // value_ is the two's complement
    static constexpr std::int8_t characters = -2; // value_ is how many

    const char* data_ = nullptr;
    std::uint64_t value_;
    std::int8_t form_ = decimal; // or the digits of a hexadecimal number
};

/// A line being put together; what does not fit is cut off.
class Line {
public:
    void add(const Part& part);
    [[nodiscard]] std::string_view text() const { return {buffer_, used_}; }

private:
    void add_text(std::string_view text);
    void add_hex(std::uint64_t value, unsigned least_digits);
    void add_decimal(std::uint64_t value);

    static constexpr std::size_t size = 256;
    std::size_t used_ = 0;
    char buffer_[size];
};

void print_parts(std::span<const Part> parts);

/// Write text and numbers to the console, in one piece.
template <class... Parts>
void print(const Parts&... parts)
{
    print_parts(std::array<Part, sizeof...(parts)>{Part{parts}...});
}

} // namespace bulkhead::guest
