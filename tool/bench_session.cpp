#include "bench_session.hpp"

#include "bench_size.hpp"
#include "qemu.hpp"

#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

/// Rows that a guest alone on a machine has no use for: there, QEMU itself answers the calls.
constexpr const char* hypervisors_only[] = {"xen_version", "psci_version"};

bool has_peers_of(const BenchMachine& machine, Ground ground)
{
    // Xen takes the aliased CPU interface of this QEMU machine for one page and loses every
    // interrupt there.
    return ground != Ground::xen || machine.kind == MachineKind::virt;
}

} // namespace

BenchResult run_bench(Session& session, const BenchMachine& machine, const BenchScope& scope)
{
    BenchResult result{
        .machine = machine.name(),
        .emulator = emulator_version(),
        .rows = read_budgets(session.project.root() / "bench" / "budgets.toml", machine.name()),
        .columns = {}};
    Column& own = result.columns[Ground::bulkhead];
    own = measure_rows(session, machine, Ground::bulkhead);
    own.merge(measure_size(session));
    if (scope.trace) own.merge(measure_trace(session, machine));
    if (scope.scale && machine.kind == MachineKind::virt && machine.gic == 3)
        for (const unsigned domains : {1U, 4U, 16U})
            own.merge(measure_scale(session, domains));
    if (machine.name() == "virt-gicv3") {
        own.merge(measure_lone_timers(session));
        own.merge(measure_wake(session));
        if (scope.trace) own.merge(measure_sharing(session, machine));
    }
    if (scope.linux_boot && machine.kind == MachineKind::virt)
        for (auto& [ground, column] : measure_linux(session, machine))
            result.columns[ground].merge(column);
    if (scope.peers)
        for (const Ground ground : {Ground::bare_metal, Ground::xen})
            if (has_peers_of(machine, ground))
                result.columns[ground].merge(measure_rows(session, machine, ground));
    if (const auto alone = result.columns.find(Ground::bare_metal); alone != result.columns.end())
        for (const char* row : hypervisors_only)
            alone->second.erase(row);
    return result;
}

bool check_budgets(Session& session)
{
    const std::vector<RowSource> all{RowSource::guest, RowSource::trace, RowSource::size,
                                     RowSource::scale, RowSource::latency};
    std::string excess;
    for (const std::uint32_t gic : {3U, 2U}) {
        // What does not depend on the GIC is measured once.
        const bool first = gic == 3;
        const BenchScope scope{.peers = false, .trace = first, .scale = first, .linux_boot = false};
        const BenchResult result = run_bench(session, {MachineKind::virt, gic}, scope);
        excess += bench_excess(result, first ? all : std::vector{RowSource::guest});
    }
    fmt::print("{}", excess);
    return excess.empty();
}

} // namespace bulkhead::tool
