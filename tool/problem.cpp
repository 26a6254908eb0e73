#include "problem.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace bulkhead::tool {

std::string Problem::shown(const std::string& file) const
{
    std::string shown = fmt::format("{}:{}: ", file, origin.line);
    if (!origin.key.empty()) {
        shown += origin.key;
        if (!origin.text.empty()) shown += " = " + origin.text;
        shown += ": ";
    }
    return shown + text;
}

std::vector<Problem> Problems::by_line() const
{
    std::vector<Problem> sorted;
    for (const Problem& problem : list_) {
        const auto after = [](std::uint32_t line, const Problem& other) {
            return line < other.origin.line;
        };
        sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), problem.origin.line, after),
                      problem);
    }
    return sorted;
}

std::string Problems::shown(const std::string& file) const
{
    std::string all;
    for (const Problem& problem : by_line())
        all += problem.shown(file) + "\n";
    return all;
}

} // namespace bulkhead::tool
