#pragma once
#include "bench_column.hpp"
#include "session.hpp"
#include "system_build.hpp"

namespace bulkhead::tool {

/// What the guest under measurement stands on.
enum class Ground : std::uint8_t { bare_metal, bulkhead, xen };
std::string name_of(Ground ground);

/// A machine to measure on.
struct BenchMachine {
    MachineKind kind = MachineKind::virt;
    std::uint32_t gic = 3;

    /// "virt-gicv3", as in bench/budgets.toml.
    [[nodiscard]] std::string name() const;
};

/// A partition with the bench guest, its command line, and a CPU for each of its vCPUs.
SystemRequest bench_request(const Session& session, const BenchMachine& machine,
                            const std::string& cmdline, std::uint32_t cpus);

/// Runs the bench guest there, where an instruction takes a nanosecond, and returns what it says.
/// Rows that it could not measure are not in the column.
Column measure_rows(Session& session, const BenchMachine& machine, Ground ground);

/// What the emulator's plugin counts of Bulkhead: EL2's path from a timer to its guest, from one
/// CPU's SGI to another's, and how often EL2 runs while nothing happens.
Column measure_trace(Session& session, const BenchMachine& machine);

/// Linux's own clock when it has reached its shell and powers off, in a domain and alone on the
/// same devices.
std::map<Ground, Column> measure_linux(Session& session, const BenchMachine& machine);

/// With so many domains of one vCPU: bytes that the hypervisor has taken beside its image, and the
/// virtual timer's path of one of them while the others sleep.
Column measure_scale(Session& session, unsigned domains);

/// vCPUs that share a CPU under credit2: from one to the next, with few and many that are runnable;
/// and how often EL2 runs while nothing happens to one that is alone, whatever scheduler it has.
Column measure_sharing(Session& session, const BenchMachine& machine);

/// From an SGI to the handler of a vCPU that sleeps on an idle CPU, under credit2.
Column measure_wake(Session& session);

/// The timers' paths of a vCPU that has its CPU alone: with a WFI that traps, and of the schedulers
/// that share CPUs with the usual one, of which the slowest counts.
Column measure_lone_timers(Session& session);

} // namespace bulkhead::tool
