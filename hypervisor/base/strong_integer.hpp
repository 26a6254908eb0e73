#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <utility>

namespace bulkhead {

/// An integer that is one thing only. Two of them with different tags do not convert into each
/// other, and arithmetic is what makes sense for a position: moving it, and the distance between
/// two.
template <typename Tag, std::unsigned_integral Rep>
class StrongInteger {
public:
    using Representation = Rep;

    constexpr StrongInteger() = default;
    constexpr explicit StrongInteger(Rep value) : value_(value) {}

    [[nodiscard]] constexpr Rep value() const { return value_; }

    constexpr StrongInteger operator+(Rep distance) const
    {
        return StrongInteger(static_cast<Rep>(value_ + distance));
    }
    constexpr StrongInteger operator-(Rep distance) const
    {
        return StrongInteger(static_cast<Rep>(value_ - distance));
    }
    constexpr Rep operator-(StrongInteger other) const
    {
        return static_cast<Rep>(value_ - other.value_);
    }
    constexpr StrongInteger& operator+=(Rep distance) { return *this = *this + distance; }
    constexpr StrongInteger& operator++() { return *this = *this + 1; }

    constexpr auto operator<=>(const StrongInteger&) const = default;

private:
    Rep value_{};
};

template <typename T>
concept IsStrongInteger = requires {
    typename T::Representation;
    { std::declval<const T&>().value() } -> std::same_as<typename T::Representation>;
};

} // namespace bulkhead
