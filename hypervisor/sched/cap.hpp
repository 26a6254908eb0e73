#pragma once

#include "base/types.hpp"

#include <algorithm>
#include <cstdint>

namespace bulkhead::sched {

/// How much CPU time a domain may have at most: so much in each period, and what was used beyond is
/// missing in the next. Nothing is saved from one period for another.
class Cap {
public:
    /// In ticks; no budget: no cap.
    void set(std::uint64_t budget, std::uint64_t period)
    {
        budget_ = left_ = static_cast<std::int64_t>(budget);
        period_ = period;
    }
    [[nodiscard]] bool is_set() const { return budget_ != 0; }
    [[nodiscard]] std::uint64_t budget() const { return static_cast<std::uint64_t>(budget_); }

    void charge(std::uint64_t ticks) { left_ -= static_cast<std::int64_t>(ticks); }
    [[nodiscard]] bool is_used_up() const { return is_set() && left_ <= 0; }
    /// What is left of this period's; not more than 0: nothing until renewal().
    std::int64_t left(Ticks now)
    {
        if (now >= renewal_) {
            const auto periods = (now - renewal_) / period_ + 1;
            renewal_ += periods * period_;
            // A long sleep would overflow the product.
            const auto fresh = std::min<std::uint64_t>(periods, 1'000'000);
            left_ = std::min(left_ + static_cast<std::int64_t>(fresh) * budget_, budget_);
        }
        return left_;
    }
    [[nodiscard]] Ticks renewal() const { return renewal_; }

private:
    std::int64_t budget_ = 0;
    std::uint64_t period_ = 0;
    std::int64_t left_ = 0;
    Ticks renewal_{};
};

} // namespace bulkhead::sched
