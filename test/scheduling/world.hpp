#pragma once

#include "sched/scheduler.hpp"
#include "schedule_checks.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <fmt/format.h>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace bulkhead::scheduling {

/// A promise does not hold; the text says which.
struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A vCPU with a program: it computes for some time and sleeps for some time, or computes for ever.
struct Actor : sched::Unit {
    sched::Unit& unit = *this;
    unsigned number = 0;
    bool is_busy = true;
    std::uint64_t burst = 0; // CPU time until it sleeps
    Ticks wakes{};           // if it sleeps
    std::uint64_t ran = 0;
    std::uint64_t slept = 0; // until it woke last
    Ticks sleeps_since{};
};

/// CPUs in virtual time that run what their scheduler says, as the run loop does. The schedulers
/// are the real ones; this is the machine below them.
class World {
public:
    World(std::uint64_t seed, unsigned cpus, bool tells);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    struct Cpu {
        sched::Scheduler* scheduler = nullptr;
        sched::Unit* loaded = nullptr;  // its registers are here
        sched::Unit* decided = nullptr; // what pick said
        Ticks decided_at{};
        Ticks alarm = machine::never;
        Ticks told = machine::never;     // when a reschedule arrives
        Ticks switched = machine::never; // when the registers are exchanged
    };

    // For the scenario.
    std::uint64_t upto(std::uint64_t n) { return random_() % n; }
    std::uint64_t between(std::uint64_t low, std::uint64_t high)
    {
        return low + upto(high - low + 1);
    }
    bool one_in(std::uint64_t n) { return upto(n) == 0; }
    template <typename... Arguments>
    void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) const
    {
        if (tells_)
            fmt::print("{:12} CPU {}: {}\n", now.value(), current,
                       fmt::format(format, std::forward<Arguments>(arguments)...));
    }
    Actor& add(sched::Group& group, sched::Scheduler& scheduler, bool starts = true);
    void give_cpus(sched::Scheduler& scheduler, CpuMask mask);
    void wake(Actor& actor);
    void block(Actor& actor);
    /// Until then; `watch` sees every state that there is.
    void run(Ticks until);
    /// Holds what the trace has of the time since then against what `./bulkhead trace check` asks
    /// of all, and of this scheduler.
    void check(sched::Kind kind, const tool::CheckLimits& limits, Ticks since = Ticks{},
               const tool::ScheduleFacts& more = {}) const;
    static Actor& actor_of(sched::Unit& unit);
    [[nodiscard]] bool is_running(const Actor& actor) const;
    /// Its CPU time until now.
    [[nodiscard]] std::uint64_t ran(const Actor& actor) const;
    [[nodiscard]] std::uint64_t us(std::uint64_t n) const { return n * frequency / 1'000'000; }

    std::uint64_t frequency = 1'000'000;
    Ticks now{1000};
    unsigned current = 0;
    std::deque<Actor> actors;
    std::vector<Cpu> cpus;
    /// How long a switch and an interrupt to another CPU may take, in ticks.
    std::uint64_t slowest = 0;
    std::function<void()> watch = [] {};
    std::function<void(Actor&)> sleeps = [](Actor&) {}; // chooses burst and wakes
    std::function<void(Cpu&, sched::Decision)> picked = [](Cpu&, sched::Decision) {};
    /// `watch` wants to look then.
    Ticks probe = machine::never;
    /// How many times a CPU picked.
    std::uint64_t picks = 0;

private:
    Ticks next_event();
    void step(unsigned cpu);
    void pick(unsigned cpu);
    void finish_switch(unsigned cpu);
    void account(Cpu& cpu) const;

    std::mt19937_64 random_;
    bool tells_;
    /// Of each CPU, in which it records what happens.
    std::vector<std::vector<std::byte>> rings_;
};

} // namespace bulkhead::scheduling
