#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// What a trace says, in the form that the host tool and the simulation read it in: nothing here
/// needs the rest of the hypervisor.
namespace bulkhead::sched::trace {

enum class Event : std::uint8_t {
    none,
    run,       // the unit has this CPU from now on
    stop,      // and has it no more; argument: a Stop
    idle,      // nobody has this CPU
    wake,      // the unit may run again; argument: the CPU that is to look at it
    yield,     // the running unit lets others go first
    migrate,   // the unit belongs to another CPU now; argument: which
    replenish, // a period of the unit's begins (rtds); argument: its budget in microseconds
    deplete,   // the unit has used up what it had
    window,    // an entry of the schedule begins (arinc653); argument: its number
    slack,     // the rest of the frame belongs to nobody (arinc653)
};
inline constexpr std::array<std::string_view, 11> event_names{
    "none",    "run",       "stop",    "idle",   "wake", "yield",
    "migrate", "replenish", "deplete", "window", "slack"};

/// Why a unit stopped.
enum class Stop : std::uint8_t { preempted, blocked, off };

/// Which vCPU a record is about; as text "d1v0".
struct UnitName {
    std::uint16_t domain = 0;
    std::uint8_t vcpu = 0;
    bool operator==(const UnitName&) const = default;
    auto operator<=>(const UnitName&) const = default;
};

/// The CPU is the one whose ring it is in.
struct Record {
    std::uint64_t at = 0; // the system counter
    std::uint32_t argument = 0;
    std::uint16_t domain = 0;
    std::uint8_t vcpu = 0;
    Event event = Event::none;
    bool operator==(const Record&) const = default;
    [[nodiscard]] UnitName unit() const { return {domain, vcpu}; }
};
static_assert(sizeof(Record) == 16);

} // namespace bulkhead::sched::trace
