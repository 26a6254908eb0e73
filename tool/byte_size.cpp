#include "byte_size.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <limits>

namespace bulkhead::tool {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array units{Unit{"GiB", gibibyte}, Unit{"MiB", mebibyte}, Unit{"KiB", kibibyte}};

} // namespace

std::expected<std::uint64_t, std::string> parse_byte_size(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) return std::unexpected{"larger than any machine"};
    if (error != std::errc{})
        return std::unexpected{
            "not a size; write a whole number and KiB, MiB or GiB, such as \"256 MiB\""};

    std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    while (unit.starts_with(' '))
        unit.remove_prefix(1);
    for (const auto& [name, bytes] : units) {
        if (unit != name) continue;
        if (number > std::numeric_limits<std::uint64_t>::max() / bytes)
            return std::unexpected{"larger than any machine"};
        return number * bytes;
    }
    if (unit.empty())
        return std::unexpected{fmt::format("has no unit; write \"{} MiB\" (or KiB, GiB)", number)};
    return std::unexpected{fmt::format(
        "\"{}\" is not a unit Bulkhead knows; write KiB, MiB or GiB, such as \"{} MiB\"", unit,
        number)};
}

std::string format_byte_size(std::uint64_t bytes)
{
    for (const auto& [name, unit] : units)
        if (bytes >= unit && bytes % unit == 0) return fmt::format("{} {}", bytes / unit, name);
    return fmt::format("{} bytes", bytes);
}

std::string format_byte_size_roughly(std::uint64_t bytes)
{
    if (bytes >= mebibyte) return fmt::format("{} MiB", (bytes + mebibyte / 2) / mebibyte);
    return fmt::format("{} KiB", (bytes + kibibyte - 1) / kibibyte);
}

} // namespace bulkhead::tool
