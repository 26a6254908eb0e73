#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bulkhead::memory {

struct PhysicalRange {
    PhysicalAddress start;
    std::uint64_t size = 0;

    [[nodiscard]] constexpr PhysicalAddress end() const { return start + size; }
    constexpr bool operator==(const PhysicalRange&) const = default;
};

/// A set of physical memory: disjoint ranges in ascending order, neighbours joined.
/// Not synchronised: boot uses it on one CPU.
class PhysicalRanges {
public:
    static constexpr std::size_t capacity = 256;

    /// Adds what is not in the set yet. no_space when there are too many pieces.
    Result<void> add(PhysicalRange range);
    /// Takes out whatever of it is in the set. no_space when a hole makes one piece too many.
    Result<void> remove(PhysicalRange range);

    /// Takes `size` bytes out, aligned (both multiples of page_size), from the lowest place that
    /// has them. out_of_memory when there is none, no_space when that makes one piece too many.
    Result<PhysicalAddress> take(std::uint64_t size, std::uint64_t alignment);

    /// The largest multiple of `alignment` that `take` could give.
    [[nodiscard]] std::uint64_t largest(std::uint64_t alignment) const;
    [[nodiscard]] std::uint64_t total() const;
    [[nodiscard]] bool contains(PhysicalRange range) const;
    [[nodiscard]] std::span<const PhysicalRange> all() const { return {ranges_.data(), count_}; }

private:
    void erase(std::size_t index);
    Result<void> insert(std::size_t index, PhysicalRange range);

    std::array<PhysicalRange, capacity> ranges_{};
    std::size_t count_ = 0;
};

} // namespace bulkhead::memory
