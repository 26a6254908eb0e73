#pragma once

#include <compare>
#include <cstdint>

namespace bulkhead::guest {

/// An interrupt's number at the GIC (IHI 0069, 2.2).
struct Intid {
    std::uint32_t value = 0;

    [[nodiscard]] constexpr bool is_sgi() const { return value < 16; }
    [[nodiscard]] constexpr bool is_private() const { return value < 32; }
    /// 1020..1023: no interrupt (IHI 0069, 2.2.1).
    [[nodiscard]] constexpr bool is_special() const { return value >= 1020 && value < 1024; }
    constexpr auto operator<=>(const Intid&) const = default;
};

constexpr Intid sgi(std::uint32_t n) { return {n}; }
constexpr Intid ppi(std::uint32_t n) { return {16 + n}; }
constexpr Intid spi(std::uint32_t n) { return {32 + n}; }

enum class Trigger : std::uint8_t { level, edge };

/// An interrupt as a device tree gives it.
struct Interrupt {
    Intid intid;
    Trigger trigger = Trigger::level;
};

} // namespace bulkhead::guest
