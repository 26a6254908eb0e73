#include "bench_column.hpp"

#include "name_value_words.hpp"

namespace bulkhead::tool {
namespace {

constexpr std::string_view prefix = "bench: ";

} // namespace

void BenchReport::add_line(std::string_view line)
{
    if (!line.starts_with(prefix)) return;
    const Words words = words_of(line.substr(prefix.size()));
    if (words.contains("done")) is_done_ = true;
    const auto row = words.find("row");
    Figure figure;
    if (row == words.end() || !read_numbers(words, {{"samples", &figure.samples},
                                                    {"min", &figure.least},
                                                    {"avg", &figure.average},
                                                    {"max", &figure.most}}))
        return;
    const auto order = words.find("order");
    if (order != words.end() && order->second != "priority")
        figure.remark = "not in priority order";
    column_[row->second] = figure;
}

} // namespace bulkhead::tool
