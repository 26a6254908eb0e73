#include "latency_bench.hpp"
#include "svg_parts.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

namespace bulkhead::tool {
namespace {

constexpr const char* what_latencies_are =
    "Instructions from a virtual timer's expiry to the handler of a guest that slept (WFI); QEMU "
    "counts instructions,\n"
    "not cycles. `max` includes the first 10 rounds, `warm max` does not. Debian's Xen 4.17 is "
    "shown with one CPU only:\n"
    "with two and -icount at a fixed shift its boot waits for the second CPU for ever "
    "(doc/performance.md).\n";

struct Bar {
    const char* name;
    std::uint64_t LatencyFigures::* value;
    double strength; // of the colour
};
constexpr std::array bars{
    Bar{"min", &LatencyFigures::least, 0.35}, Bar{"avg", &LatencyFigures::average, 0.55},
    Bar{"warm max", &LatencyFigures::warm_most, 0.8}, Bar{"max", &LatencyFigures::most, 1}};

constexpr double label_width = 260;
constexpr double axis_length = 640;
constexpr double width = label_width + axis_length + 80;
constexpr double title_height = 76;
constexpr double bar_height = 7;
constexpr double setup_height = bar_height * bars.size() + 10;
constexpr double absent_height = 18;
constexpr double headline = 30;

const char* colour_of(const LatencyRow& row)
{
    return row.setup.ground == Ground::xen ? "#c0532f" : "#0b6e4f";
}

std::string drawn(const LatencyRow& row, const LogScale& scale, double y)
{
    std::string out =
        svg_text(label_width - 12, y + setup_height / 2 - 1, "end", row.setup.title());
    for (const Bar& bar : bars) {
        const auto value = *row.figures.*bar.value;
        const double end = scale.at(static_cast<double>(value));
        out += fmt::format("<g fill-opacity=\"{}\">", bar.strength) +
               svg_bar(label_width, y, std::max(2.0, end - label_width), bar_height - 1,
                       colour_of(row)) +
               "</g>";
        if (&bar == &bars.back() || &bar == &bars.front())
            out += svg_text(end + 5, y + bar_height, "start", fmt::format("{}", value),
                            "font-size=\"9\"");
        y += bar_height;
    }
    return out;
}

} // namespace

std::vector<std::string> absent_rows(const LatencyPanel& panel)
{
    std::map<std::string, std::vector<std::string>> absent;
    for (const auto& [setup, figures, remark] : panel.rows) {
        if (figures) continue;
        auto& names = absent[fmt::format("{} {}", name_of(setup.ground), remark)];
        if (std::ranges::find(names, setup.scheduler) == names.end())
            names.push_back(setup.scheduler);
    }
    std::vector<std::string> lines;
    for (const auto& [what, names] : absent)
        lines.push_back(fmt::format("{}: {}", what, fmt::join(names, ", ")));
    return lines;
}

std::string latency_table(const std::vector<LatencyPanel>& panels)
{
    std::string text;
    for (const LatencyPanel& panel : panels) {
        text += fmt::format("{:<48}{:>9}{:>9}{:>10}{:>9}\n", panel.title, "min", "avg", "warm max",
                            "max");
        for (const LatencyRow& row : panel.rows)
            if (row.figures)
                text += fmt::format("  {:<46}{:>9}{:>9}{:>10}{:>9}\n", row.setup.title(),
                                    row.figures->least, row.figures->average,
                                    row.figures->warm_most, row.figures->most);
        for (const std::string& line : absent_rows(panel))
            text += fmt::format("  {}\n", line);
        text += "\n";
    }
    return text + what_latencies_are;
}

std::string latency_csv(const std::vector<LatencyPanel>& panels)
{
    std::string text =
        "hypervisor,scheduler,pinned,vwfi,neighbour,cpus,min,avg,warm_max,max,remark\n";
    for (const LatencyPanel& panel : panels)
        for (const auto& [setup, figures, remark] : panel.rows)
            text += fmt::format(
                "{},{},{},{},{},{},{},{}\n", name_of(setup.ground), setup.scheduler,
                setup.pinned ? "yes" : "no", setup.vwfi, name_of(setup.neighbour), setup.cpus(),
                figures ? fmt::format("{},{},{},{}", figures->least, figures->average,
                                      figures->warm_most, figures->most)
                        : ",,,",
                remark);
    return text;
}

std::string latency_chart(const std::vector<LatencyPanel>& panels)
{
    double most = 10;
    double height = title_height;
    for (const LatencyPanel& panel : panels) {
        height += headline;
        height += absent_height * static_cast<double>(absent_rows(panel).size());
        for (const LatencyRow& row : panel.rows) {
            if (!row.figures) continue;
            height += setup_height;
            most = std::max(most, static_cast<double>(row.figures->most));
        }
    }
    const LogScale scale{label_width, axis_length, most};
    std::string out = svg_begin(width, height + 40);
    out += svg_text(20, 26, "start",
                    "Timer expiry to the guest's handler, in instructions, not cycles",
                    "font-size=\"16\"");
    double x = 20;
    for (const Bar& bar : bars) {
        out += fmt::format("<g fill-opacity=\"{}\">", bar.strength) +
               svg_bar(x, 40, 10, 10, "#0b6e4f") + svg_bar(x + 11, 40, 10, 10, "#c0532f") + "</g>";
        out += svg_text(x + 26, 49, "start", bar.name);
        x += 100;
    }
    out += svg_text(x, 49, "start", "green: Bulkhead, red: Debian's Xen 4.17; shorter is better");
    out += scale.grid(title_height - 6, height);
    double y = title_height;
    for (const LatencyPanel& panel : panels) {
        out += svg_text(20, y + headline - 12, "start", panel.title, "font-weight=\"bold\"");
        y += headline;
        for (const LatencyRow& row : panel.rows) {
            if (!row.figures) continue;
            out += drawn(row, scale, y);
            y += setup_height;
        }
        for (const std::string& line : absent_rows(panel)) {
            out += svg_text(label_width + 6, y + absent_height / 2, "start", line, "fill=\"#888\"");
            y += absent_height;
        }
    }
    return out + "</svg>\n";
}

} // namespace bulkhead::tool
