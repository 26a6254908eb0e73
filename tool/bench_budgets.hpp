#pragma once
#include "bench_column.hpp"

#include <filesystem>
#include <vector>

namespace bulkhead::tool {

/// How a row comes by its figure.
enum class RowSource : std::uint8_t {
    guest,      ///< guest/bench says it
    trace,      ///< the emulator's plugin counts it
    size,       ///< of the program and of its sources
    scale,      ///< with 1, 4 and 16 domains
    linux_boot, ///< Linux in a domain against Linux alone
    latency     ///< guest/latency says it
};

/// One row of the table, as bench/budgets.toml has it.
struct BudgetRow {
    std::string name;
    std::string title;
    std::string unit; ///< "instructions", "bytes", ...; a "ratio" is kept in millionths
    RowSource source = RowSource::guest;
    bool steady = true;           ///< the most may be a tenth above the least
    std::optional<double> goal;   ///< what was set out for
    std::optional<double> budget; ///< the most it may be today; the goal unless the file says more
};

/// A figure of 1 in a row whose unit is "ratio".
inline constexpr double ratio_one = 1e6;
double as_number(std::uint64_t value, const std::string& unit);
std::string format_figure(double value, const std::string& unit);

/// The rows in order, with the budgets of one machine: "virt-gicv3", "virt-gicv2" or "zcu102".
/// Throws Failure naming file, line and what would be right.
std::vector<BudgetRow> read_budgets(const std::filesystem::path& file, const std::string& machine);

/// How a figure stands to its row: nothing, "over goal by 7", "OVER BUDGET by 3", "NOT STEADY".
struct Verdict {
    bool exceeds = false; ///< more than the row allows today: a test fails
    std::string text;
};
Verdict judge(const BudgetRow& row, const Figure& figure);

} // namespace bulkhead::tool
