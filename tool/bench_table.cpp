#include "bench_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bulkhead::tool {
namespace {

constexpr const char* what_figures_are =
    "Figures are the most of all samples. A nanosecond of QEMU's virtual time is an instruction: "
    "these\n"
    "are instructions, not cycles, and say nothing of caches, buses or the cost of a register. "
    "Each\n"
    "includes the two readings of the counter around what is measured (doc/performance.md).\n";

constexpr Ground grounds[] = {Ground::bare_metal, Ground::bulkhead, Ground::xen};

std::string cell(const BenchResult& result, Ground ground, const BudgetRow& row)
{
    const Figure* figure = result.figure(ground, row.name);
    return figure == nullptr ? "-" : format_figure(as_number(figure->most, row.unit), row.unit);
}

std::string ratio(const BenchResult& result, const BudgetRow& row)
{
    const Figure* own = result.figure(Ground::bulkhead, row.name);
    const Figure* other = result.figure(Ground::xen, row.name);
    if (own == nullptr || other == nullptr || own->most == 0) return "-";
    return fmt::format("{:.1f}", static_cast<double>(other->most) / static_cast<double>(own->most));
}

std::string optional_figure(const std::optional<double>& value, const std::string& unit)
{
    return value ? format_figure(*value, unit) : "-";
}

std::string titled(const BudgetRow& row)
{
    return row.unit == "instructions" ? row.title : fmt::format("{}, {}", row.title, row.unit);
}

} // namespace

const Figure* BenchResult::figure(Ground ground, const std::string& row) const
{
    const auto column = columns.find(ground);
    if (column == columns.end()) return nullptr;
    const auto found = column->second.find(row);
    return found == column->second.end() ? nullptr : &found->second;
}

std::string bench_table(const BenchResult& result)
{
    std::size_t width = 0;
    for (const BudgetRow& row : result.rows)
        width = std::max(width, titled(row).size());
    std::string text = fmt::format("{} ({})\n{:<{}}", result.machine, result.emulator, "", width);
    for (const Ground ground : grounds)
        text += fmt::format("{:>12}", name_of(ground));
    text += fmt::format("{:>11}{:>11}{:>11}\n", "Xen is x", "goal", "budget");
    for (const BudgetRow& row : result.rows) {
        text += fmt::format("{:<{}}", titled(row), width);
        for (const Ground ground : grounds)
            text += fmt::format("{:>12}", cell(result, ground, row));
        text +=
            fmt::format("{:>11}{:>11}{:>11}", ratio(result, row),
                        optional_figure(row.goal, row.unit), optional_figure(row.budget, row.unit));
        if (const Figure* own = result.figure(Ground::bulkhead, row.name))
            if (const Verdict verdict = judge(row, *own); !verdict.text.empty())
                text += "  " + verdict.text;
        text += "\n";
    }
    return text + "\n" + what_figures_are;
}

std::string bench_csv(const BenchResult& result)
{
    std::string text = "machine,row,unit,ground,samples,min,avg,max,goal,budget\n";
    for (const BudgetRow& row : result.rows)
        for (const Ground ground : grounds)
            if (const Figure* figure = result.figure(ground, row.name))
                text += fmt::format(
                    "{},{},{},{},{},{},{},{},{},{}\n", result.machine, row.name, row.unit,
                    name_of(ground), figure->samples, as_number(figure->least, row.unit),
                    as_number(figure->average, row.unit), as_number(figure->most, row.unit),
                    row.goal ? format_figure(*row.goal, row.unit) : "",
                    row.budget ? format_figure(*row.budget, row.unit) : "");
    return text;
}

std::string bench_json(const BenchResult& result)
{
    nlohmann::json json{{"machine", result.machine}, {"emulator", result.emulator}};
    for (const BudgetRow& row : result.rows) {
        nlohmann::json entry{{"name", row.name}, {"title", row.title}, {"unit", row.unit}};
        if (row.goal) entry["goal"] = *row.goal;
        if (row.budget) entry["budget"] = *row.budget;
        for (const Ground ground : grounds)
            if (const Figure* figure = result.figure(ground, row.name))
                entry[name_of(ground)] = {{"samples", figure->samples},
                                          {"min", as_number(figure->least, row.unit)},
                                          {"avg", as_number(figure->average, row.unit)},
                                          {"max", as_number(figure->most, row.unit)}};
        json["rows"].push_back(entry);
    }
    return json.dump(2) + "\n";
}

std::string bench_excess(const BenchResult& result, const std::vector<RowSource>& sources)
{
    std::string text;
    for (const BudgetRow& row : result.rows) {
        if (!row.budget || std::ranges::find(sources, row.source) == sources.end()) continue;
        const Figure* own = result.figure(Ground::bulkhead, row.name);
        const Verdict verdict = own == nullptr ? Verdict{true, "not measured"} : judge(row, *own);
        if (verdict.exceeds)
            text += fmt::format(
                "{}: {}: {}{}\n", result.machine, titled(row),
                own == nullptr ? ""
                               : format_figure(as_number(own->most, row.unit), row.unit) + ", ",
                verdict.text);
    }
    return text;
}

} // namespace bulkhead::tool
