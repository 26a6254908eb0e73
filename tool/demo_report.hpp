#pragma once
#include "demo_observer.hpp"
#include "system_plan.hpp"

namespace bulkhead::tool {

/// Instructions from the virtual timer's expiry to the guest's handler that Bulkhead allows itself
/// on GICv3 (doc/architecture.md).
inline constexpr std::uint64_t latency_budget = 200;

/// All that a demo's closing table is made from.
struct DemoFigures {
    const SystemPlan& plan;
    const DemoObserver& observer;
    std::string emulator; ///< "QEMU 7.2.22"
    /// Of the separate deterministic run, where a nanosecond is an instruction.
    std::optional<LatencyReport::Summary> instructions{};
};

/// What ran, when, and how quickly interrupts arrived, for people.
std::string demo_table(const DemoFigures& figures);

/// The same figures as JSON, for programs.
std::string demo_json(const DemoFigures& figures);

} // namespace bulkhead::tool
