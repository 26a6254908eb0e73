#include "kit/command_line.hpp"

namespace bulkhead::guest {

std::string_view take_word(std::string_view& text)
{
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    std::size_t length = 0;
    while (length < text.size() && text[length] != ' ')
        ++length;
    const std::string_view word{text.data(), length};
    text.remove_prefix(length);
    return word;
}

std::optional<std::uint64_t> to_number(std::string_view digits)
{
    if (digits.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char digit : digits) {
        if (digit < '0' || digit > '9') return std::nullopt;
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, static_cast<unsigned>(digit - '0'), &value))
            return std::nullopt;
    }
    return value;
}

std::optional<std::string_view> CommandLine::value(std::string_view name) const
{
    std::optional<std::string_view> found;
    auto rest = text_;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        if (word.size() <= name.size() || !word.starts_with(name) || word[name.size()] != '=')
            continue;
        word.remove_prefix(name.size() + 1);
        found = word;
    }
    return found;
}

std::uint64_t CommandLine::number(std::string_view name, std::uint64_t otherwise) const
{
    const auto text = value(name);
    return text ? to_number(*text).value_or(otherwise) : otherwise;
}

} // namespace bulkhead::guest
