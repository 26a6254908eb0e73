#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace bulkhead::driver {

/// A register type (base/register.hpp) that knows where it is in its device.
template <typename R>
concept HasOffset = requires(R value) {
    { R::offset } -> std::convertible_to<std::size_t>;
    { value.raw() } -> std::unsigned_integral;
};

/// A device's registers, mapped into EL2. Offsets are the device's own enumeration, or belong to
/// the register's type.
class Mmio {
public:
    constexpr Mmio() = default;
    explicit Mmio(std::byte* base) : base_(base) {}

    [[nodiscard]] std::byte* base() const { return base_; }
    [[nodiscard]] Mmio at(std::size_t offset) const { return Mmio{base_ + offset}; }

    template <typename T = std::uint32_t, typename Offset>
    [[nodiscard]] T read(Offset offset) const
    {
        return *reinterpret_cast<volatile T*>(base_ + static_cast<std::size_t>(offset));
    }
    template <typename T = std::uint32_t, typename Offset>
    void write(Offset offset, T value) const
    {
        *reinterpret_cast<volatile T*>(base_ + static_cast<std::size_t>(offset)) = value;
    }

    template <HasOffset R>
    [[nodiscard]] R read() const
    {
        return R::from(read<decltype(R{}.raw())>(R::offset));
    }
    template <HasOffset R>
    void write(R value) const
    {
        write(R::offset, value.raw());
    }

private:
    std::byte* base_ = nullptr;
};

} // namespace bulkhead::driver
