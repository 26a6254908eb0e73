#include "bench_chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
    return out;
}

/// A logarithmic scale from 1 to a power of ten.
class Scale {
public:
    explicit Scale(double most) : decades_{std::max(1.0, std::ceil(std::log10(most)))} {}
    [[nodiscard]] double at(double value) const
    {
        return left + plot_width * std::log10(std::max(1.0, value)) / decades_;
    }
    [[nodiscard]] int decades() const { return static_cast<int>(decades_); }

private:
    double decades_;
};

std::string text_at(double x, double y, std::string_view anchor, std::string_view text)
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y,
                       anchor, escaped(text));
}

std::string bars(const BenchResult& result, const BudgetRow& row, const Scale& scale, double y)
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
            out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                               "fill=\"{}\"/>\n",
                               begin - least_bar / 2, y, std::max(least_bar, end - begin), bar - 2,
                               look.colour);
            out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" fill=\"white\"/>\n",
                               middle, y + bar / 2 - 1);
            out += text_at(end + 6, y + bar - 2, "start", fmt::format("{}", figure->most));
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
    const Scale scale{most};
    const double height = top + row_height * static_cast<double>(rows.size()) + 60;
    const double width = left + plot_width + 90;
    std::string out =
        fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" "
                    "height=\"{1:.0f}\" viewBox=\"0 0 "
                    "{0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">\n"
                    "<rect width=\"{0:.0f}\" height=\"{1:.0f}\" fill=\"white\"/>\n",
                    width, height);
    out += fmt::format(
        "<text x=\"20\" y=\"26\" font-size=\"16\">Instructions, not cycles: {} ({})</text>\n",
        result.machine, escaped(result.emulator));
    double x = left;
    for (const Look& look : looks) {
        out += fmt::format("<rect x=\"{:.1f}\" y=\"40\" width=\"10\" height=\"10\" fill=\"{}\"/>\n",
                           x, look.colour);
        out += text_at(x + 15, 49, "start", name_of(look.ground));
        x += 110;
    }
    out += text_at(x, 49, "start", "bar: least to most, dot: average");
    const double bottom = top + row_height * static_cast<double>(rows.size());
    for (int decade = 0; decade <= scale.decades(); ++decade) {
        const double value = std::pow(10.0, decade);
        out += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" "
                           "stroke=\"#ddd\"/>\n",
                           scale.at(value), top - 6, bottom);
        out += text_at(scale.at(value), bottom + 16, "middle", fmt::format("{:.0f}", value));
    }
    for (std::size_t n = 0; n < rows.size(); ++n) {
        const double y = top + row_height * static_cast<double>(n);
        out += text_at(left - 12, y + 20, "end", rows[n]->title);
        out += bars(result, *rows[n], scale, y);
    }
    return out + "</svg>\n";
}

} // namespace bulkhead::tool
