#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

namespace bulkhead::text {
namespace {

constexpr std::size_t longest_compared = 40;

std::size_t distance(std::string_view a, std::string_view b)
{
    if (a.size() > longest_compared || b.size() > longest_compared)
        return std::numeric_limits<std::size_t>::max();
    // Levenshtein's recurrence, one row at a time.
    std::array<std::size_t, longest_compared + 1> row{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row[b.size()];
}

bool is_hexadecimal(std::string_view text)
{
    return text.starts_with("0x") || text.starts_with("0X");
}

std::optional<unsigned> digit(char c)
{
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

} // namespace

std::string_view split(std::string_view& rest, char separator)
{
    const auto end = rest.find(separator);
    const auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

std::optional<std::uint64_t> number(std::string_view text)
{
    unsigned base = 10;
    if (is_hexadecimal(text)) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
        base = 8;
        text.remove_prefix(1);
    }
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto next = digit(c);
        if (!next || *next >= base) return std::nullopt;
        if (value > (~std::uint64_t{0} - *next) / base) return std::nullopt;
        value = value * base + *next;
    }
    return value;
}

std::optional<std::uint64_t> size(std::string_view text)
{
    if (text.empty()) return std::nullopt;
    unsigned shift = 10;
    switch (text.back() | 0x20) {
    case 'b': shift = 0; break;
    case 'k': break;
    case 'm': shift = 20; break;
    case 'g': shift = 30; break;
    case 't': shift = 40; break;
    default:
        if (const auto plain = number(text); plain && *plain <= ~std::uint64_t{0} >> shift)
            return *plain << shift;
        return std::nullopt;
    }
    // 'b' is a digit of a hexadecimal number before it is a unit.
    if (shift == 0 && is_hexadecimal(text))
        shift = 10;
    else
        text.remove_suffix(1);
    const auto value = number(text);
    if (!value || *value > ~std::uint64_t{0} >> shift) return std::nullopt;
    return *value << shift;
}

std::optional<bool> boolean(std::string_view text)
{
    constexpr std::string_view yes[] = {"yes", "on", "true", "enable", "1"};
    constexpr std::string_view no[] = {"no", "off", "false", "disable", "0"};
    if (std::ranges::find(yes, text) != std::end(yes)) return true;
    if (std::ranges::find(no, text) != std::end(no)) return false;
    return std::nullopt;
}

std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates)
{
    std::string_view best;
    // Two letters that changed places are two changes.
    const std::size_t most =
        text.size() < 5 ? text.size() / 3 : std::max<std::size_t>(text.size() / 3, 2);
    std::size_t best_distance = most + 1;
    for (const auto candidate : candidates) {
        if (const auto d = distance(text, candidate); d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

} // namespace bulkhead::text
