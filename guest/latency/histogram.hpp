#pragma once

#include "kit/series.hpp"

#include <array>
#include <cstdint>

namespace bulkhead::guest {

/// Latencies in nanoseconds: the extremes, the sum, and how many were how long. Buckets are exact
/// up to 15 and an eighth of a power of two above, so a bucket is at most 12.5 % wide.
class Histogram : public Series {
public:
    struct Bucket {
        std::uint64_t from; // inclusive
        std::uint64_t to;   // inclusive
        std::uint32_t count;
    };

    void add(std::uint64_t nanoseconds);
    void add(const Histogram& other);

    static constexpr unsigned buckets = 16 + 8 * 60;
    [[nodiscard]] Bucket bucket(unsigned n) const;

private:
    static unsigned index_of(std::uint64_t nanoseconds);

    std::array<std::uint32_t, buckets> counts_{};
};

} // namespace bulkhead::guest
