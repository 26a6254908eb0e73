#pragma once

#include "base/bits.hpp"
#include "base/strong_integer.hpp"

#include <cstdint>
#include <type_traits>

namespace bulkhead {

/// Bits High..Low of a register, as a T: bool, an integer, an enumeration or a strong integer.
template <unsigned High, unsigned Low, typename T = std::uint64_t>
struct Field {
    static_assert(High >= Low && High < 64);
    using Type = T;
    static constexpr unsigned high = High;
    static constexpr unsigned low = Low;
    static constexpr std::uint64_t mask = bits(High, Low);
};

/// A field that shares its bits with another one, by the specification.
template <unsigned High, unsigned Low, typename T = std::uint64_t>
struct Overlay : Field<High, Low, T> {};

/// A register's value with named fields. Self derives from this, Raw is the register's width:
/// a new value is made with `with`, so a register is never half written.
template <typename Self, typename Raw>
class Register {
public:
    constexpr Register() = default;

    static constexpr Self from(Raw raw)
    {
        Self self{};
        self.raw_ = raw;
        return self;
    }

    [[nodiscard]] constexpr Raw raw() const { return raw_; }

    template <typename F>
    [[nodiscard]] constexpr auto get(F /*field*/) const
    {
        static_assert(F::high < sizeof(Raw) * 8);
        using T = typename F::Type;
        const auto value = (std::uint64_t{raw_} & F::mask) >> F::low;
        if constexpr (std::is_same_v<T, bool>)
            return value != 0;
        else if constexpr (IsStrongInteger<T>)
            return T{static_cast<typename T::Representation>(value)};
        else
            return static_cast<T>(value);
    }

    template <typename F>
    [[nodiscard]] constexpr Self with(F /*field*/, typename F::Type value) const
    {
        static_assert(F::high < sizeof(Raw) * 8);
        std::uint64_t number{};
        if constexpr (IsStrongInteger<typename F::Type>)
            number = value.value();
        else
            number = static_cast<std::uint64_t>(value);
        return from(
            static_cast<Raw>((std::uint64_t{raw_} & ~F::mask) | ((number << F::low) & F::mask)));
    }

    constexpr bool operator==(const Register&) const = default;

private:
    Raw raw_{};
};

} // namespace bulkhead
