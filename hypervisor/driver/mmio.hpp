#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::driver {

/// A device's registers, mapped into EL2. Offsets are the device's own enumeration.
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

private:
    std::byte* base_ = nullptr;
};

} // namespace bulkhead::driver
