#include "bench_chart.hpp"

#include "svg_parts.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

constexpr double left = 330;
constexpr double plot_width = 640;
constexpr double top = 70;
constexpr double bar = 11;
constexpr double row_height = 44;
constexpr double least_bar = 3; // what never varies is still to be seen

struct Look {
    Ground ground;
    const char* colour;
};
constexpr std::array looks{Look{Ground::bare_metal, "#7a8793"}, Look{Ground::bulkhead, "#0b6e4f"},
                           Look{Ground::xen, "#c0532f"}};

std::string bars_of(const BenchResult& result, const BudgetRow& row, const LogScale& scale,
                    double y)
{
    std::string out;
    for (const Look& look : looks) {
        const Figure* figure = result.figure(look.ground, row.name);
        if (figure != nullptr) {
            const double begin = scale.at(static_cast<double>(figure->least));
            const double end = scale.at(static_cast<double>(figure->most));
            const double middle = scale.at(static_cast<double>(figure->average));
            out += fmt::format("<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" "
                               "stroke=\"{3}\" stroke-opacity=\"0.25\"/>\n",
                               left, begin, y + bar / 2, look.colour);
            out += svg_bar(begin - least_bar / 2, y, std::max(least_bar, end - begin), bar - 2,
                           look.colour);
            out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" fill=\"white\"/>\n",
                               middle, y + bar / 2 - 1);
            out += svg_text(end + 6, y + bar - 2, "start", fmt::format("{}", figure->most));
        }
        y += bar;
    }
    return out;
}

} // namespace

std::string bench_chart(const BenchResult& result)
{
    std::vector<const BudgetRow*> rows;
    double most = 10;
    for (const BudgetRow& row : result.rows) {
        if (row.source != RowSource::guest) continue;
        rows.push_back(&row);
        for (const Look& look : looks)
            if (const Figure* figure = result.figure(look.ground, row.name))
                most = std::max(most, static_cast<double>(figure->most));
    }
    const LogScale scale{left, plot_width, most};
    const double height = top + row_height * static_cast<double>(rows.size()) + 60;
    const double width = left + plot_width + 90;
    std::string out = svg_begin(width, height);
    out +=
        svg_text(20, 26, "start",
                 fmt::format("Instructions, not cycles: {} ({})", result.machine, result.emulator),
                 "font-size=\"16\"");
    double x = left;
    for (const Look& look : looks) {
        out += svg_bar(x, 40, 10, 10, look.colour);
        out += svg_text(x + 15, 49, "start", name_of(look.ground));
        x += 110;
    }
    out += svg_text(x, 49, "start", "bar: least to most, dot: average");
    const double bottom = top + row_height * static_cast<double>(rows.size());
    out += scale.grid(top - 6, bottom);
    for (std::size_t n = 0; n < rows.size(); ++n) {
        const double y = top + row_height * static_cast<double>(n);
        out += svg_text(left - 12, y + 20, "end", rows[n]->title);
        out += bars_of(result, *rows[n], scale, y);
    }
    return out + "</svg>\n";
}

} // namespace bulkhead::tool
