#pragma once
#include "bench_table.hpp"
#include "session.hpp"

namespace bulkhead::tool {

/// What is measured beside the rows that Bulkhead's guest says.
struct BenchScope {
    bool peers = true; ///< bare metal and Xen too
    bool trace = true;
    bool scale = true; ///< with 1, 4 and 16 domains
    bool linux_boot = true;
};

/// Measures on one machine.
BenchResult run_bench(Session& session, const BenchMachine& machine, const BenchScope& scope);

/// A test: Bulkhead's figures on virt, GICv3 and GICv2, and its size, against their budgets.
/// Prints what exceeds, and by how much.
bool check_budgets(Session& session);

} // namespace bulkhead::tool
