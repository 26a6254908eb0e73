#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::guest {

/// One device register: its offset in a RegisterBlock, and how wide an access it takes.
template <class T>
struct At {
    std::uint32_t offset;
};

/// Registers side by side: the n-th is at offset + n * sizeof(T).
template <class T>
struct AtEach {
    std::uint32_t offset;
    constexpr At<T> operator[](std::size_t n) const
    {
        return {static_cast<std::uint32_t>(offset + n * sizeof(T))};
    }
};

/// A device's registers at their address. Each access is one plain load or store: a hypervisor can
/// emulate those from the syndrome alone (ESR_EL2.ISV), which it cannot for the post-indexed and
/// paired forms a compiler may choose for a volatile access (Arm ARM, ESR_EL2, ISS encoding of a
/// data abort).
class RegisterBlock {
public:
    constexpr RegisterBlock() = default;
    constexpr explicit RegisterBlock(std::uintptr_t base) : base_{base} {}

    [[nodiscard]] constexpr std::uintptr_t base() const { return base_; }

    template <class T>
    [[nodiscard]] T read(At<T> where) const
    {
        const auto address = base_ + where.offset;
        if constexpr (sizeof(T) == 8) {
            std::uint64_t value;
            asm volatile("ldr %x0, [%1]" : "=r"(value) : "r"(address) : "memory");
            return static_cast<T>(value);
        } else {
            std::uint32_t value;
            if constexpr (sizeof(T) == 4)
                asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
            else if constexpr (sizeof(T) == 2)
                asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
            else
                asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
            return static_cast<T>(value);
        }
    }

    template <class T>
    void write(At<T> where, T value) const
    {
        const auto address = base_ + where.offset;
        if constexpr (sizeof(T) == 8)
            asm volatile("str %x0, [%1]" ::"r"(value), "r"(address) : "memory");
        else if constexpr (sizeof(T) == 4)
            asm volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
        else if constexpr (sizeof(T) == 2)
            asm volatile("strh %w0, [%1]" ::"r"(value), "r"(address) : "memory");
        else
            asm volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
    }

private:
    std::uintptr_t base_ = 0;
};

} // namespace bulkhead::guest
