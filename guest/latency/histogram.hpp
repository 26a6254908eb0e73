#pragma once

#include <array>
#include <cstdint>

namespace bulkhead::guest {

/// Latencies in nanoseconds: the extremes, the sum, and how many were how long. Buckets are exact
/// up to 15 and an eighth of a power of two above, so a bucket is at most 12.5 % wide.
class Histogram {
public:
    struct Bucket {
        std::uint64_t from; // inclusive
        std::uint64_t to;   // inclusive
        std::uint32_t count;
    };

    void add(std::uint64_t nanoseconds);
    void add(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t minimum() const { return minimum_; }
    [[nodiscard]] std::uint64_t maximum() const { return maximum_; }
    [[nodiscard]] std::uint64_t average() const { return count_ == 0 ? 0 : sum_ / count_; }

    static constexpr unsigned buckets = 16 + 8 * 60;
    [[nodiscard]] Bucket bucket(unsigned n) const;

private:
    static unsigned index_of(std::uint64_t nanoseconds);

    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t minimum_ = 0; // of none: 0
    std::uint64_t maximum_ = 0;
    std::array<std::uint32_t, buckets> counts_{};
};

} // namespace bulkhead::guest
