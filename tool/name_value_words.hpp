#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace bulkhead::tool {

/// The `name=value` words of a line; a word without `=` has an empty value. The small guests say
/// their results so.
using Words = std::map<std::string, std::string, std::less<>>;
Words words_of(std::string_view line);

/// Reads the numbers that a line must have; false if one is missing or is not a number.
bool read_numbers(const Words& words,
                  std::initializer_list<std::pair<const char*, std::uint64_t*>> wanted);

} // namespace bulkhead::tool
