#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::tool {

/// Code addresses in a line of a panic's text: after "pc " or "lr ", or between [< and >].
std::vector<std::string> code_addresses(std::string_view line);

/// The line followed by one line per address with its place in the source, if `place_of` knows it.
using PlaceOf = std::function<std::optional<std::string>(const std::string& address)>;
std::string with_places(std::string_view line, const PlaceOf& place_of);

} // namespace bulkhead::tool
