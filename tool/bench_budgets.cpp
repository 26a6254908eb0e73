#include "bench_budgets.hpp"

#include "failure.hpp"
#include "file_contents.hpp"
#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <toml++/toml.h>

namespace bulkhead::tool {
namespace {

constexpr double gicv2_allowance = 1.1; // issue: GICv2 within a tenth
constexpr double steadiness = 1.1;

const std::vector<std::string> keys{"name", "title",      "unit",       "source", "steady", "only",
                                    "goal", "virt-gicv3", "virt-gicv2", "zcu102", "budget"};

[[noreturn]] void refuse(const std::filesystem::path& file, const toml::source_region& where,
                         const std::string& what)
{
    throw Failure{fmt::format("{}:{}: {}", file.string(), where.begin.line, what)};
}

RowSource source_of(const std::filesystem::path& file, const toml::table& row)
{
    const std::vector<std::string> names{"guest", "trace", "size", "scale", "linux", "latency"};
    const auto text = row["source"].value_or<std::string>("guest");
    const auto found = std::ranges::find(names, text);
    if (found == names.end())
        refuse(file, row.source(), fmt::format("source: {}", suggestion(text, names)));
    return static_cast<RowSource>(found - names.begin());
}

BudgetRow row_of(const std::filesystem::path& file, const toml::table& table,
                 const std::string& machine)
{
    for (const auto& [key, node] : table)
        if (std::ranges::find(keys, key.str()) == keys.end())
            refuse(file, node.source(),
                   fmt::format("unknown key {}; {}", key.str(), suggestion(key.str(), keys)));
    BudgetRow row{.name = table["name"].value_or<std::string>(""),
                  .title = table["title"].value_or<std::string>(""),
                  .unit = table["unit"].value_or<std::string>("instructions"),
                  .source = source_of(file, table),
                  .steady = table["steady"].value_or(true),
                  .goal = table["goal"].value<double>(),
                  .budget = table[machine].value<double>()};
    if (row.name.empty() || row.title.empty())
        refuse(file, table.source(), "a row needs a name and a title");
    if (row.goal && machine != "virt-gicv3" && row.source == RowSource::guest)
        row.goal = *row.goal * gicv2_allowance;
    if (!row.budget) row.budget = table["budget"].value<double>();
    if (!row.budget) row.budget = row.goal;
    return row;
}

bool is_for(const toml::table& row, const std::string& machine)
{
    const toml::array* only = row["only"].as_array();
    return only == nullptr || std::ranges::any_of(*only, [&](const toml::node& name) {
               return name.value_or<std::string>("") == machine;
           });
}

} // namespace

std::vector<BudgetRow> read_budgets(const std::filesystem::path& file, const std::string& machine)
{
    try {
        const toml::table table = toml::parse(read_file(file), file.string());
        std::vector<BudgetRow> rows;
        const toml::array* list = table["row"].as_array();
        if (list == nullptr) throw Failure{fmt::format("{}: has no [[row]]", file.string())};
        for (const toml::node& node : *list)
            if (const toml::table* row = node.as_table(); row != nullptr && is_for(*row, machine))
                rows.push_back(row_of(file, *row, machine));
        return rows;
    } catch (const toml::parse_error& error) {
        refuse(file, error.source(), std::string{error.description()});
    }
}

std::string format_figure(double value, const std::string& unit)
{
    if (unit == "ratio") return fmt::format("{:.3f}", value);
    return fmt::format("{:.0f}", value);
}

double as_number(std::uint64_t value, const std::string& unit)
{
    return unit == "ratio" ? static_cast<double>(value) / ratio_one : static_cast<double>(value);
}

Verdict judge(const BudgetRow& row, const Figure& figure)
{
    const double most = as_number(figure.most, row.unit);
    std::vector<std::string> remarks;
    bool exceeds = false;
    if (row.budget && most > *row.budget) {
        exceeds = true;
        remarks.push_back(
            fmt::format("OVER BUDGET by {}", format_figure(most - *row.budget, row.unit)));
    }
    if (row.goal && most > *row.goal)
        remarks.push_back(
            fmt::format("over goal by {}", format_figure(most - *row.goal, row.unit)));
    if (row.steady &&
        static_cast<double>(figure.most) > steadiness * static_cast<double>(figure.least) + 1) {
        exceeds = true;
        remarks.emplace_back("NOT STEADY");
    }
    if (!figure.remark.empty()) {
        exceeds = true;
        remarks.push_back(figure.remark);
    }
    return {exceeds, fmt::format("{}", fmt::join(remarks, ", "))};
}

} // namespace bulkhead::tool
