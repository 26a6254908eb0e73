#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::tool {

/// What the latency guest says on its console:
///   latency: samples=1000 min=4 avg=5 max=9 cold=12 unit=ns frequency=1000000000
///   latency: bucket from=4 to=5 count=990
///   latency: done
class LatencyReport {
public:
    struct Summary {
        std::uint64_t samples = 0;
        std::uint64_t least = 0;
        std::uint64_t average = 0;
        std::uint64_t most = 0;
        std::string unit;
        std::uint64_t frequency = 0; ///< of the counter it measured with, in Hz
        std::uint64_t cold = 0;      ///< the most of the rounds before, which warm up
    };
    struct Bucket {
        std::uint64_t from = 0;
        std::uint64_t to = 0;
        std::uint64_t count = 0;
    };

    /// Takes in a line of the guest; others are ignored.
    void add_line(std::string_view line);

    [[nodiscard]] const std::optional<Summary>& summary() const { return summary_; }
    [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }
    [[nodiscard]] bool is_done() const { return is_done_; }
    /// The guest finished, and all the numbers are there.
    [[nodiscard]] bool is_complete() const { return is_done_ && summary_ && !buckets_.empty(); }

private:
    std::optional<Summary> summary_;
    std::vector<Bucket> buckets_;
    bool is_done_ = false;
};

} // namespace bulkhead::tool
