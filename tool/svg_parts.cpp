#include "svg_parts.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace bulkhead::tool {
namespace {

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text)
        out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
    return out;
}

} // namespace

std::string svg_begin(double width, double height)
{
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" "
                       "height=\"{1:.0f}\" viewBox=\"0 0 "
                       "{0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"11\" "
                       "fill=\"#222\">\n"
                       "<rect width=\"{0:.0f}\" height=\"{1:.0f}\" fill=\"white\"/>\n",
                       width, height);
}

std::string svg_text(double x, double y, std::string_view anchor, std::string_view text,
                     std::string_view more)
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}{}>{}</text>\n", x, y,
                       anchor, more.empty() ? "" : " ", more, escaped(text));
}

std::string svg_bar(double x, double y, double width, double height, std::string_view colour)
{
    return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                       "fill=\"{}\"/>\n",
                       x, y, width, height, colour);
}

LogScale::LogScale(double left, double width, double most)
    : left_{left}, width_{width}, decades_{std::max(1.0, std::ceil(std::log10(most)))}
{
}

double LogScale::at(double value) const
{
    return left_ + width_ * std::log10(std::max(1.0, value)) / decades_;
}

std::string LogScale::grid(double top, double bottom) const
{
    std::string out;
    for (int decade = 0; decade <= decades(); ++decade) {
        const double value = std::pow(10.0, decade);
        out += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" "
                           "stroke=\"#ddd\"/>\n",
                           at(value), top, bottom);
        out += svg_text(at(value), bottom + 16, "middle", fmt::format("{:.0f}", value));
    }
    return out;
}

} // namespace bulkhead::tool
