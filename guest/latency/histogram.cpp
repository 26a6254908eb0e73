#include "latency/histogram.hpp"

#include <bit>
#include <limits>

namespace bulkhead::guest {
namespace {

constexpr unsigned exact = 16; // values below are their own bucket
constexpr unsigned per_octave = 8;
constexpr unsigned exact_width = std::bit_width(exact - 1);

/// The first value of a bucket.
constexpr std::uint64_t lowest(unsigned bucket)
{
    if (bucket < exact) return bucket;
    const unsigned octave = (bucket - exact) / per_octave;
    const std::uint64_t eighth = (bucket - exact) % per_octave + per_octave;
    return eighth << (octave + 1);
}
static_assert(lowest(15) == 15 && lowest(16) == 16 && lowest(17) == 18 && lowest(24) == 32);

} // namespace

unsigned Histogram::index_of(std::uint64_t nanoseconds)
{
    if (nanoseconds < exact) return static_cast<unsigned>(nanoseconds);
    const auto octave = static_cast<unsigned>(std::bit_width(nanoseconds)) - exact_width - 1;
    const auto eighth = static_cast<unsigned>(nanoseconds >> (octave + 1)) - per_octave;
    return exact + octave * per_octave + eighth;
}

void Histogram::add(std::uint64_t nanoseconds)
{
    Series::add(nanoseconds);
    ++counts_[index_of(nanoseconds)];
}

void Histogram::add(const Histogram& other)
{
    Series::add(other);
    for (unsigned n = 0; n < buckets; ++n)
        counts_[n] += other.counts_[n];
}

Histogram::Bucket Histogram::bucket(unsigned n) const
{
    return {.from = lowest(n),
            .to = n + 1 < buckets ? lowest(n + 1) - 1 : std::numeric_limits<std::uint64_t>::max(),
            .count = counts_[n]};
}

} // namespace bulkhead::guest
