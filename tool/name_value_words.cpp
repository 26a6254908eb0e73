#include "name_value_words.hpp"

#include <charconv>

namespace bulkhead::tool {

Words words_of(std::string_view line)
{
    Words words;
    while (!line.empty()) {
        const std::size_t space = line.find(' ');
        const std::string_view word = line.substr(0, space);
        const std::size_t equals = word.find('=');
        words.emplace(word.substr(0, equals),
                      equals == std::string_view::npos ? "" : word.substr(equals + 1));
        line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
    }
    return words;
}

bool read_numbers(const Words& words,
                  std::initializer_list<std::pair<const char*, std::uint64_t*>> wanted)
{
    for (const auto& [name, number] : wanted) {
        const auto word = words.find(name);
        if (word == words.end()) return false;
        const std::string& text = word->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
        if (error != std::errc{} || end != text.data() + text.size()) return false;
    }
    return true;
}

} // namespace bulkhead::tool
