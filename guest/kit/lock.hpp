#pragma once

#include "kit/barrier.hpp"
#include "kit/exception.hpp"

#include <atomic>

namespace bulkhead::guest {

/// Held for a few instructions by any CPU, handlers included: IRQs are masked meanwhile. Waits by
/// WFE, so that under QEMU's single emulation thread the holder runs.
class [[clang::capability("lock")]] Lock {
public:
    void take() __attribute__((acquire_capability()))
    {
        while (held_.exchange(true, std::memory_order_acquire))
            wait_for_event();
    }
    void release() __attribute__((release_capability()))
    {
        held_.store(false, std::memory_order_release);
        send_event();
    }

private:
    std::atomic<bool> held_{false};
};

class [[clang::scoped_lockable]] LockGuard {
public:
    explicit LockGuard(Lock& lock) __attribute__((acquire_capability(lock))) : lock_{lock}
    {
        lock_.take();
    }
    ~LockGuard() __attribute__((release_capability())) { lock_.release(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    InterruptsMasked masked_; // before lock_ is taken, until after it is released
    Lock& lock_;
};

} // namespace bulkhead::guest
