#pragma once

#include "base/callback.hpp"
#include "base/types.hpp"
#include "machine/time.hpp"

#include <atomic>

namespace bulkhead::sched {

/// Something to be done at a time. All alarms of a CPU, and the end of what its scheduler decided,
/// share its one timer (machine::set_alarm), which stands still when nothing is to come. Any CPU
/// may call anything; an action may come while its alarm is being cancelled.
class Alarm {
public:
    explicit constexpr Alarm(Callback<void()> action) : action_(action) {}
    ~Alarm() { cancel(); }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    /// Goes off once, on the calling CPU, instead of when and where it was set to; never: not.
    void set(Ticks at);
    void cancel();
    /// Will it go off on the calling CPU, or not at all?
    [[nodiscard]] bool is_elsewhere() const;

private:
    friend struct AlarmQueue;
    static constexpr CpuId nowhere{~std::uint32_t{0}};

    const Callback<void()> action_;
    Ticks at_{};
    Alarm* next_ = nullptr;
    std::atomic<CpuId> queued_on_ = nowhere;
};

/// The calling CPU's scheduler has to pick again then.
void pick_again(Ticks at);

} // namespace bulkhead::sched
