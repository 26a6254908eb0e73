#include "nearest_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <vector>

namespace bulkhead::tool {
namespace {

constexpr std::size_t shortest_beginning = 3;

} // namespace

std::size_t edit_distance(std::string_view from, std::string_view to)
{
    // One row of the table is enough: row[j] is the distance of from[0..i) to to[0..j).
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::optional<std::string> nearest_name(std::string_view wrong, std::span<const std::string> known)
{
    // A word that was cut short is nearer than any misspelling.
    for (const std::string& name : known)
        if (wrong.size() >= shortest_beginning && name.starts_with(wrong)) return name;

    std::optional<std::string> nearest;
    std::size_t best =
        std::max<std::size_t>(2, wrong.size() / 2); // farther than this is another word
    for (const std::string& name : known) {
        const std::size_t distance = edit_distance(wrong, name);
        if (distance < best || (distance == best && !nearest)) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}

std::string suggestion(std::string_view wrong, std::span<const std::string> known)
{
    if (const auto nearest = nearest_name(wrong, known))
        return fmt::format("did you mean \"{}\"?", *nearest);
    return fmt::format("known {} {}", known.size() == 1 ? "is" : "are", enumeration(known));
}

std::string enumeration(std::span<const std::string> names)
{
    if (names.empty()) return "none";
    if (names.size() == 1) return names.front();
    return fmt::format("{} and {}", fmt::join(names.first(names.size() - 1), ", "), names.back());
}

} // namespace bulkhead::tool
