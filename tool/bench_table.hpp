#pragma once
#include "bench_budgets.hpp"
#include "bench_run.hpp"

namespace bulkhead::tool {

/// All that was measured on one machine.
struct BenchResult {
    std::string machine;  ///< "virt-gicv3"
    std::string emulator; ///< "QEMU 7.2.22"
    std::vector<BudgetRow> rows;
    std::map<Ground, Column> columns;

    /// Nothing if that was not measured there.
    [[nodiscard]] const Figure* figure(Ground ground, const std::string& row) const;
};

/// For a person: a line for each row, and what the figures are.
std::string bench_table(const BenchResult& result);
std::string bench_csv(const BenchResult& result);
std::string bench_json(const BenchResult& result);

/// A line for each row of these sources that Bulkhead exceeds or that has no figure; empty if none.
std::string bench_excess(const BenchResult& result, const std::vector<RowSource>& sources);

} // namespace bulkhead::tool
