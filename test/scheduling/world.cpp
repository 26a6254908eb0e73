#include "scheduling/world.hpp"

#include "base/bits.hpp"
#include "machine/console.hpp"
#include "machine/cpu.hpp"
#include "sched/run_loop.hpp"
#include "sched/trace.hpp"

#include <algorithm>

namespace bulkhead {
namespace {

scheduling::World* world = nullptr;

} // namespace

// The seam, as far as schedulers see it.
namespace machine {

CpuId this_cpu() { return CpuId{world->current}; }
std::uint32_t cpu_count() { return static_cast<std::uint32_t>(world->cpus.size()); }
Ticks now() { return world->now; }
std::uint64_t ticks_per_second() { return world->frequency; }
void set_alarm(Ticks /*at*/) {}
void wait_until_equal(const std::atomic<std::uint16_t>& variable, std::uint16_t value)
{
    if (variable != value) throw scheduling::Broken("a lock is taken twice");
}
void note_lock_taken(unsigned /*rank*/) {}
void note_lock_released(unsigned /*rank*/) {}
void halt(const char* why, const void* /*where*/) { throw scheduling::Broken(why); }
bool console_try_write(char /*c*/) { return true; }
bool console_want_room(bool /*wanted*/) { return false; }

} // namespace machine

// What the run loop is asked.
namespace sched {

void ask_to_pick(CpuId cpu)
{
    const auto takes = CpuId{world->current} == cpu ? 0 : world->upto(world->slowest + 1);
    auto& told = world->cpus[cpu.value()].told;
    told = std::min(told, world->now + takes);
}
void Unit::wake_up() {}

} // namespace sched

namespace scheduling {

namespace {

tool::Policy policy_of(sched::Kind kind)
{
    switch (kind) {
    case sched::Kind::credit: return tool::Policy::credit;
    case sched::Kind::credit2: return tool::Policy::credit2;
    case sched::Kind::rtds: return tool::Policy::rtds;
    case sched::Kind::arinc653: return tool::Policy::arinc653;
    case sched::Kind::null: break;
    }
    return tool::Policy::null;
}

/// As the run loop records it.
void note_change(const sched::Unit* from, const sched::Unit* to)
{
    using namespace sched::trace;
    if (from == to) return;
    if (from != nullptr)
        record(from->state == sched::Unit::State::runnable ? Stop::preempted : Stop::blocked,
               from->name);
    record(to == nullptr ? Event::idle : Event::run, to == nullptr ? UnitName{} : to->name);
}

} // namespace

World::World(std::uint64_t seed, unsigned cpu_count, bool tells)
    : cpus(cpu_count), random_(seed), tells_(tells), rings_(cpu_count)
{
    world = this;
    constexpr std::size_t records = 1U << 16U;
    for (unsigned cpu = 0; cpu < cpu_count; ++cpu) {
        rings_[cpu].resize(records * sizeof(sched::trace::Record));
        sched::trace::use(CpuId{cpu}, rings_[cpu]);
    }
}

World::~World()
{
    for (unsigned cpu = 0; cpu < cpus.size(); ++cpu)
        sched::trace::use(CpuId{cpu}, {});
    world = nullptr;
}

Actor& World::actor_of(sched::Unit& unit) { return static_cast<Actor&>(unit); }

Actor& World::add(sched::Group& group, sched::Scheduler& scheduler, bool starts)
{
    auto& actor = actors.emplace_back();
    actor.number = static_cast<unsigned>(actors.size() - 1);
    actor.unit.group = &group;
    actor.unit.id = VcpuId{actor.number};
    actor.unit.name = {group.id.value(), static_cast<std::uint8_t>(actor.number)};
    actor.unit.times.since = now;
    if (starts) {
        actor.unit.state = sched::Unit::State::runnable;
        sched::trace::record(sched::trace::Event::wake, actor.unit.name);
    }
    if (!scheduler.insert(actor.unit)) throw Broken("a unit has no CPU");
    return actor;
}

void World::give_cpus(sched::Scheduler& scheduler, CpuMask mask)
{
    for_each_bit(mask, [&](unsigned cpu) {
        cpus[cpu].scheduler = &scheduler;
        cpus[cpu].told = now;
        if (!scheduler.add_cpu(CpuId{cpu})) throw Broken("a CPU cannot be added");
    });
}

void World::wake(Actor& actor)
{
    tell("unit {} wakes", actor.number);
    actor.slept += now - actor.sleeps_since;
    actor.unit.state = sched::Unit::State::runnable;
    sched::trace::record(sched::trace::Event::wake, actor.unit.name);
    sched::wake(actor.unit);
}

void World::block(Actor& actor)
{
    tell("unit {} sleeps", actor.number);
    actor.sleeps_since = now;
    actor.unit.state = sched::Unit::State::blocked;
    sched::sleep(actor.unit);
}

bool World::is_running(const Actor& actor) const
{
    return std::ranges::any_of(cpus, [&](auto& cpu) { return cpu.decided == &actor.unit; });
}

std::uint64_t World::ran(const Actor& actor) const
{
    for (const auto& cpu : cpus)
        if (cpu.decided == &actor.unit) return actor.ran + (now - cpu.decided_at);
    return actor.ran;
}

void World::account(Cpu& cpu) const
{
    if (cpu.decided == nullptr) return;
    auto& actor = actor_of(*cpu.decided);
    const auto ticks = now - cpu.decided_at;
    actor.ran += ticks;
    if (!actor.is_busy) actor.burst -= std::min(actor.burst, ticks);
    cpu.decided_at = now;
}

void World::pick(unsigned n)
{
    current = n;
    auto& cpu = cpus[n];
    account(cpu);
    if (cpu.decided != nullptr) cpu.decided->attention = 0;
    cpu.told = machine::never;
    auto& scheduler = cpu.scheduler != nullptr ? *cpu.scheduler : sched::scheduler_of(CpuId{n});
    const auto decision = scheduler.pick(CpuId{n});
    ++picks;
    auto* const old = cpu.decided;
    note_change(old, decision.unit);
    cpu.decided = decision.unit;
    cpu.decided_at = now;
    cpu.alarm = decision.until;
    if (auto* unit = decision.unit) {
        if (old != unit)
            tell("runs unit {} until {}", actor_of(*unit).number, decision.until.value());
        for (auto& other : cpus)
            if (&other != &cpu && (other.loaded == unit || other.decided == unit))
                throw Broken(fmt::format("unit {} is on two CPUs", actor_of(*unit).number));
        if ((unit->hard_affinity & bit(n)) == 0)
            throw Broken(fmt::format("unit {} runs on CPU {}, off its affinity {:x}",
                                     actor_of(*unit).number, n, unit->hard_affinity));
        if (unit->state != sched::Unit::State::runnable)
            throw Broken(fmt::format("unit {} runs and sleeps", actor_of(*unit).number));
    } else if (old != nullptr) {
        tell("idle until {}", decision.until.value());
    }
    picked(cpu, decision);
    const bool leaves = cpu.loaded != nullptr && cpu.loaded != decision.unit &&
                        (decision.unit != nullptr || cpu.loaded->placed_on.load() != CpuId{n} ||
                         cpu.loaded->wants_cpu() || one_in(2));
    if (leaves || (decision.unit != nullptr && cpu.loaded != decision.unit)) {
        cpu.switched = now + upto(slowest + 1);
        if (cpu.switched == now) finish_switch(n);
    }
}

void World::finish_switch(unsigned n)
{
    auto& cpu = cpus[n];
    cpu.switched = machine::never;
    if (auto* old = std::exchange(cpu.loaded, cpu.decided)) sched::released(*old);
}

Ticks World::next_event()
{
    auto next = probe > now ? probe : machine::never;
    for (const auto& cpu : cpus) {
        if (cpu.switched != machine::never) {
            next = std::min(next, cpu.switched);
            continue;
        }
        next = std::min({next, cpu.alarm, cpu.told});
        if (cpu.decided == nullptr) continue;
        const auto& actor = actor_of(*cpu.decided);
        if (!actor.is_busy) next = std::min(next, cpu.decided_at + actor.burst);
        if (cpu.decided->attention != 0) next = now;
    }
    for (const auto& actor : actors)
        if (actor.unit.state == sched::Unit::State::blocked) next = std::min(next, actor.wakes);
    return std::max(next, now);
}

void World::check(sched::Kind kind, const tool::CheckLimits& limits, Ticks since,
                  const tool::ScheduleFacts& more) const
{
    tool::TraceBuilder builder{static_cast<unsigned>(cpus.size()), frequency, now.value()};
    static tool::TraceBuilder* into = nullptr;
    into = &builder;
    for (unsigned cpu = 0; cpu < cpus.size(); ++cpu)
        builder.set_written(cpu,
                            sched::trace::read(CpuId{cpu}, [](CpuId owner, const auto& record) {
                                into->add(owner.value(), record);
                            }));
    auto trace = builder.finish();
    trace.begin = std::max(trace.begin, builder.nanoseconds(since.value()));
    tool::ScheduleFacts facts{.windows = more.windows, .major_frame = more.major_frame};
    for (const auto& actor : actors) {
        const auto own = actor.scheduler.load()->parameters(actor);
        facts.units[actor.name] = {.policy = policy_of(kind),
                                   .weight = own.weight,
                                   .cap = own.cap,
                                   .period = own.period_us * 1000UL,
                                   .budget = own.budget_us * 1000UL,
                                   .extratime = own.extratime};
    }
    const auto wrong = tool::check_schedule(trace, facts, limits);
    for (const auto& line : wrong)
        tell("{}", line);
    if (!wrong.empty()) throw Broken(wrong.front());
}

/// What happens on this CPU now.
void World::step(unsigned n)
{
    auto& cpu = cpus[n];
    current = n;
    if (cpu.switched != machine::never) {
        if (cpu.switched <= now) finish_switch(n);
        if (cpu.switched != machine::never) return;
    }
    account(cpu);
    if (cpu.decided != nullptr) {
        auto& actor = actor_of(*cpu.decided);
        if (!actor.is_busy && actor.burst == 0 &&
            actor.unit.state == sched::Unit::State::runnable) {
            sleeps(actor);
            block(actor);
            return pick(n);
        }
    }
    if (cpu.alarm <= now || cpu.told <= now ||
        (cpu.decided != nullptr && cpu.decided->attention != 0))
        pick(n);
}

void World::run(Ticks until)
{
    unsigned stuck = 0;
    for (;;) {
        const auto next = next_event();
        if (next > until) break;
        stuck = next == now ? stuck + 1 : 0;
        if (stuck > 10'000) throw Broken("time stands still");
        now = next;
        for (auto& actor : actors)
            if (actor.unit.state == sched::Unit::State::blocked && actor.wakes <= now) {
                current = static_cast<unsigned>(upto(cpus.size()));
                wake(actor);
            }
        const auto first = static_cast<unsigned>(upto(cpus.size()));
        for (unsigned n = 0; n < cpus.size(); ++n)
            step((first + n) % static_cast<unsigned>(cpus.size()));
        watch();
    }
    now = until;
    for (auto& cpu : cpus)
        account(cpu);
}

} // namespace scheduling
} // namespace bulkhead
