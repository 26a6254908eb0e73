#include "sched/alarm.hpp"

#include "base/lock.hpp"
#include "machine/cpu.hpp"
#include "machine/upcalls.hpp"
#include "sched/run_loop.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::sched {

/// A CPU's alarms, the next to go off first: at most one for each vCPU and each domain.
struct alignas(cache_line) AlarmQueue {
    Lock<Rank::alarms> lock;
    Alarm* first GUARDED_BY(lock) = nullptr;
    /// The CPU's own; 0: not at all.
    Ticks pick_at{};

    void insert(Alarm& alarm, Ticks at) REQUIRES(lock)
    {
        auto** place = &first;
        while (*place != nullptr && (*place)->at_ <= at)
            place = &(*place)->next_;
        alarm.at_ = at;
        alarm.next_ = *place;
        *place = &alarm;
    }
    void remove(Alarm& alarm) REQUIRES(lock)
    {
        auto** place = &first;
        while (*place != &alarm)
            place = &(*place)->next_;
        *place = alarm.next_;
        alarm.queued_on_.store(Alarm::nowhere, std::memory_order_release);
    }
    /// Of the calling CPU.
    void program() const REQUIRES(lock)
    {
        const auto pick = pick_at == Ticks{} ? machine::never : pick_at;
        machine::set_alarm(first == nullptr ? pick : std::min(pick, first->at_));
    }
    /// The next whose time has come, if any has.
    Alarm* take_due(Ticks now) EXCLUDES(lock)
    {
        const Guard guard{lock};
        auto* const due = first;
        if (due == nullptr || due->at_ > now) {
            program();
            return nullptr;
        }
        remove(*due);
        return due;
    }
    static void go_off();
};

namespace {

constinit std::array<AlarmQueue, max_cpus> queues;

AlarmQueue& own_queue() { return queues[machine::this_cpu().value()]; }

} // namespace

void Alarm::set(Ticks at)
{
    const auto here = machine::this_cpu();
    auto& own = own_queue();
    for (;;) {
        cancel();
        if (at == machine::never) return;
        const Guard guard{own.lock};
        auto none = nowhere;
        if (!queued_on_.compare_exchange_strong(none, here)) continue;
        own.insert(*this, at);
        if (own.first == this) own.program();
        return;
    }
}

void Alarm::cancel()
{
    for (;;) {
        const auto cpu = queued_on_.load(std::memory_order_acquire);
        if (cpu == nowhere) return;
        auto& queue = queues[cpu.value()];
        const Guard guard{queue.lock};
        if (queued_on_.load(std::memory_order_relaxed) != cpu) continue;
        const bool is_next = queue.first == this;
        queue.remove(*this);
        // Another CPU's timer comes for nothing.
        if (is_next && cpu == machine::this_cpu()) queue.program();
        return;
    }
}

bool Alarm::is_elsewhere() const
{
    const auto cpu = queued_on_.load(std::memory_order_relaxed);
    return cpu != nowhere && cpu != machine::this_cpu();
}

void pick_again(Ticks at)
{
    auto& own = own_queue();
    if (at == machine::never) at = Ticks{};
    if (at == own.pick_at) return;
    const Guard guard{own.lock};
    own.pick_at = at;
    own.program();
}

void AlarmQueue::go_off()
{
    auto& own = own_queue();
    // What is set anew meanwhile waits for the next time.
    const auto now = machine::now();
    if (own.pick_at != Ticks{} && own.pick_at <= now) {
        own.pick_at = {};
        ask_to_pick(machine::this_cpu());
    }
    while (auto* due = own.take_due(now))
        due->action_();
}

} // namespace bulkhead::sched

void bulkhead::upcall::alarm() { sched::AlarmQueue::go_off(); }
