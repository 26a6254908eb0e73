#pragma once

#include "base/types.hpp"

#include <atomic>
#include <cstdint>

namespace bulkhead {

/// How often a guest can make the hypervisor print: `burst` lines at once, and one a second.
class RateLimit {
public:
    static constexpr std::uint64_t burst = 10;

    /// May a line be printed now? Any CPU.
    bool admit();

private:
    /// When all that was printed would have come at one line a second.
    std::atomic<Ticks> paid_until_{};
};

} // namespace bulkhead
