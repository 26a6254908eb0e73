#pragma once

#include <algorithm>
#include <cstdint>

namespace bulkhead::guest {

/// What there is to say about many samples of one thing.
class Series {
public:
    void add(std::uint64_t sample)
    {
        minimum_ = count_ == 0 ? sample : std::min(minimum_, sample);
        maximum_ = std::max(maximum_, sample);
        sum_ += sample;
        ++count_;
    }
    void add(const Series& other)
    {
        if (other.count_ == 0) return;
        minimum_ = count_ == 0 ? other.minimum_ : std::min(minimum_, other.minimum_);
        maximum_ = std::max(maximum_, other.maximum_);
        sum_ += other.sum_;
        count_ += other.count_;
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t minimum() const { return minimum_; }
    [[nodiscard]] std::uint64_t maximum() const { return maximum_; }
    [[nodiscard]] std::uint64_t average() const { return count_ == 0 ? 0 : sum_ / count_; }

private:
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t minimum_ = 0; // of none: 0
    std::uint64_t maximum_ = 0;
};

} // namespace bulkhead::guest
