#pragma once
#include <cstdint>
#include <string>

namespace bulkhead::tool {

/// Physical addresses [start, start + size) of the machine.
struct MemoryRange {
    std::uint64_t start = 0;
    std::uint64_t size = 0;

    [[nodiscard]] constexpr std::uint64_t end() const { return start + size; }
    [[nodiscard]] constexpr bool overlaps(const MemoryRange& other) const
    {
        return start < other.end() && other.start < end();
    }
    [[nodiscard]] constexpr bool contains(const MemoryRange& other) const
    {
        return start <= other.start && other.end() <= end();
    }
    friend bool operator==(const MemoryRange&, const MemoryRange&) = default;
};

/// Addresses that are taken, and by what.
struct NamedRange {
    MemoryRange range;
    std::string name;
};

} // namespace bulkhead::tool
