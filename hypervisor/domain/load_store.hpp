#pragma once

#include "base/bits.hpp"

#include <cstdint>
#include <optional>

namespace bulkhead::domain {

/// A load or store of one or two general registers as an instruction of A64 says it (Arm ARM
/// C4.1.88).
struct LoadStore {
    enum class Index : std::uint8_t { offset, post, pre };

    bool is_load = false;
    bool is_pair = false;
    bool sign_extends = false;
    bool is_64_bit = true; // what a load's value is extended to
    std::uint8_t size = 0; // of a register in memory, in bytes
    /// Register 31 is XZR.
    std::uint8_t first = 0;
    std::uint8_t second = 31;
    /// Register 31 is the stack pointer.
    std::uint8_t base = 0;
    /// Anything but `offset` changes the base register.
    Index index = Index::offset;
    std::int64_t offset = 0;
    /// More to the offset: a register, how it is extended (UXTW to SXTX), and shifted.
    std::uint8_t offset_register = 31;
    std::uint8_t extend = 0b011;
    std::uint8_t shift = 0;

    bool operator==(const LoadStore&) const = default;

    /// How far the access, or the base register's new value, is from the old one.
    [[nodiscard]] std::uint64_t distance(std::uint64_t from_register) const
    {
        if ((extend & 1) == 0)
            from_register =
                extend == 0b110 ? sign_extended(from_register, 32) : from_register & bits(31, 0);
        return static_cast<std::uint64_t>(offset) + (from_register << shift);
    }
    /// What a load puts into its register, from `value` with the rest of its bits zero.
    [[nodiscard]] std::uint64_t loaded(std::uint64_t value) const
    {
        if (sign_extends) value = sign_extended(value, size * 8U);
        return is_64_bit ? value : value & bits(31, 0);
    }
};

/// Those that a device has to expect: of one general register, and of pairs. Nothing for others:
/// exclusive, ordered and atomic ones, literals, vectors, tags, prefetches.
std::optional<LoadStore> decode_load_store(std::uint32_t instruction);

} // namespace bulkhead::domain
