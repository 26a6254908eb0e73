#pragma once

#include <cstdint>

namespace bulkhead::guest {

/// Physical addresses from `start` up to, but not including, start + size.
struct Range {
    std::uint64_t start = 0;
    std::uint64_t size = 0;

    [[nodiscard]] constexpr std::uint64_t end() const { return start + size; }
    [[nodiscard]] constexpr bool contains(std::uint64_t address) const
    {
        return address >= start && address - start < size;
    }
};

} // namespace bulkhead::guest
