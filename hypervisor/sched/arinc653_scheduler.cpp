#include "sched/arinc653_scheduler.hpp"

#include "base/bits.hpp"
#include "sched/run_loop.hpp"
#include "sched/trace.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace bulkhead::sched {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

std::uint64_t ticks_of_ns(std::uint64_t nanoseconds)
{
    const auto per_second = machine::ticks_per_second();
    return nanoseconds / second * per_second + nanoseconds % second * per_second / second;
}

} // namespace

Result<void> Arinc653Scheduler::set_schedule(std::span<const Window> windows,
                                             std::uint64_t major_frame)
{
    if (windows.empty() || windows.size() > most_windows) return failure(Error::invalid);
    std::uint64_t left = major_frame;
    for (const auto& window : windows) {
        if (window.run_time == 0 || window.run_time > left) return failure(Error::invalid);
        left -= window.run_time;
    }
    const Guard guard{lock_};
    entries_ = {};
    std::uint64_t end = 0;
    for (const auto& window : windows) {
        end += window.run_time;
        static_cast<void>(entries_.push({.window = window, .end = ticks_of_ns(end)}));
    }
    frame_ = ticks_of_ns(major_frame);
    frame_start_ = machine::now();
    noted_ = none;
    find_units();
    look_again();
    return {};
}

void Arinc653Scheduler::find_units()
{
    for (auto& entry : entries_) {
        entry.unit = units_;
        while (entry.unit != nullptr && (entry.unit->group->id != entry.window.domain ||
                                         entry.unit->id != entry.window.vcpu))
            entry.unit = entry.unit->next;
    }
}

void Arinc653Scheduler::look_again() const
{
    if (cpu_ != 0) ask_to_pick(CpuId{static_cast<std::uint32_t>(std::countr_zero(cpu_))});
}

/// The window that it is time for; null: the frame's slack.
const Arinc653Scheduler::Entry* Arinc653Scheduler::entry_at(Ticks now)
{
    if (now - frame_start_ >= frame_) frame_start_ += (now - frame_start_) / frame_ * frame_;
    const auto* found = std::ranges::upper_bound(entries_, now - frame_start_, {}, &Entry::end);
    return found == entries_.end() ? nullptr : found;
}

void Arinc653Scheduler::note(const Entry* entry)
{
    const auto n =
        entry == nullptr ? most_windows : static_cast<std::size_t>(entry - entries_.begin());
    if (std::exchange(noted_, n) == n) return;
    if (entry == nullptr)
        trace::record(trace::Event::slack, {});
    else
        trace::record(trace::Event::window,
                      {.domain = entry->window.domain.value(),
                       .vcpu = static_cast<std::uint8_t>(entry->window.vcpu.value())},
                      static_cast<std::uint32_t>(n));
}

Decision Arinc653Scheduler::pick(CpuId cpu)
{
    const Guard guard{lock_};
    const auto now = machine::now();
    auto* const old = std::exchange(current_, nullptr);
    Decision decision;
    if (cpu_ == bit(cpu.value()) && !entries_.empty()) {
        const auto* entry = entry_at(now);
        const bool is_only_one = entries_[0].end == frame_;
        if (!is_only_one) decision.until = frame_start_ + (entry == nullptr ? frame_ : entry->end);
        note(entry);
        auto* unit = entry == nullptr ? nullptr : entry->unit;
        if (unit != nullptr && unit->wants_cpu()) {
            const auto held = unit->held_by.load();
            if (held == 0 || held == cpu_) decision.unit = current_ = unit;
        }
    }
    if (old != nullptr && old != current_ && old->times.state == RunState::running)
        old->times.enter(old->wants_cpu() ? RunState::runnable : RunState::blocked, now);
    if (current_ != nullptr && current_ != old) {
        current_->held_by = cpu_;
        current_->placed_on = cpu;
        current_->times.enter(RunState::running, now);
    }
    return decision;
}

Result<void> Arinc653Scheduler::insert(Unit& unit)
{
    const Guard guard{lock_};
    if ((unit.hard_affinity & cpu_) == 0) return failure(Error::busy);
    unit.next = std::exchange(units_, &unit);
    unit.scheduler = this;
    unit.times.begin(machine::now());
    unit.placed_on = CpuId{static_cast<std::uint32_t>(std::countr_zero(cpu_))};
    if (unit.wants_cpu()) unit.times.enter(RunState::runnable, machine::now());
    find_units();
    look_again();
    return {};
}

void Arinc653Scheduler::remove(Unit& unit)
{
    const Guard guard{lock_};
    auto** link = &units_;
    while (*link != &unit)
        link = &(*link)->next;
    *link = unit.next;
    unit.scheduler = nullptr;
    look_again();
    if (current_ == &unit) {
        unit.times.enter(RunState::runnable, machine::now());
        current_ = nullptr;
    }
    find_units();
}

Result<void> Arinc653Scheduler::add_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    if (cpu_ != 0) return failure(Error::busy);
    cpu_ = bit(cpu.value());
    look_again();
    return {};
}

Result<void> Arinc653Scheduler::remove_cpu(CpuId cpu)
{
    const Guard guard{lock_};
    if (cpu_ != bit(cpu.value()) || units_ != nullptr) return failure(Error::busy);
    look_again();
    cpu_ = 0;
    return {};
}

void Arinc653Scheduler::wake(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || !unit.wants_cpu() || current_ == &unit) return;
    const auto now = machine::now();
    if (unit.times.state != RunState::runnable) unit.times.enter(RunState::runnable, now);
    if (entries_.empty()) return;
    const auto* entry = entry_at(now);
    if (entry != nullptr && entry->unit == &unit) look_again();
}

void Arinc653Scheduler::sleep(Unit& unit)
{
    const Guard guard{lock_};
    if (unit.scheduler != this || unit.wants_cpu()) return;
    const auto state = unit.state == Unit::State::blocked ? RunState::blocked : RunState::offline;
    if (unit.times.state != state) unit.times.enter(state, machine::now());
    if (current_ == &unit) look_again();
}

Result<void> Arinc653Scheduler::affinity_changed(Unit& unit)
{
    const Guard guard{lock_};
    return (unit.hard_affinity & cpu_) != 0 ? Result<void>{} : failure(Error::out_of_range);
}

RunTimes Arinc653Scheduler::run_times(Unit& unit)
{
    const Guard guard{lock_};
    return unit.times.until(machine::now());
}

} // namespace bulkhead::sched
