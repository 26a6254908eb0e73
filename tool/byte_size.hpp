#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace bulkhead::tool {

inline constexpr std::uint64_t kibibyte = 1024;
inline constexpr std::uint64_t mebibyte = 1024 * kibibyte;
inline constexpr std::uint64_t gibibyte = 1024 * mebibyte;

/// Reads "256 MiB" (KiB, MiB or GiB, the space is optional). The error says what is wrong with the
/// text and how to write it.
std::expected<std::uint64_t, std::string> parse_byte_size(std::string_view text);

/// Writes a size in the largest unit that divides it: "256 MiB", "1536 KiB", "17 bytes".
std::string format_byte_size(std::uint64_t bytes);

/// Writes a size as a person would say it, rounded to whole MiB (or KiB below 1 MiB).
std::string format_byte_size_roughly(std::uint64_t bytes);

/// Rounds up to a power of two.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

} // namespace bulkhead::tool
