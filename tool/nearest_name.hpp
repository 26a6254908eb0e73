#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bulkhead::tool {

/// Edits (insert, delete, replace one character) that turn one text into the other (Levenshtein).
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The known name that someone who wrote `wrong` most likely meant; none if all are too far away.
std::optional<std::string> nearest_name(std::string_view wrong, std::span<const std::string> known);

/// `did you mean "memory"?`, or, if nothing is near, `known are a, b and c`.
std::string suggestion(std::string_view wrong, std::span<const std::string> known);

/// "a", "a and b", "a, b and c".
std::string enumeration(std::span<const std::string> names);

} // namespace bulkhead::tool
