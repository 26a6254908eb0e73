#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// Small readings of text: command lines and device tree strings.
namespace bulkhead::text {

/// The part before the first `separator`; `rest` becomes what follows it, or empty.
std::string_view split(std::string_view& rest, char separator);

/// A number in C's notation (0x hexadecimal, leading 0 octal, else decimal), all of `text`.
std::optional<std::uint64_t> number(std::string_view text);

/// A number with an optional unit: B, K (also none), M, G, T, in Xen's reading for sizes.
std::optional<std::uint64_t> size(std::string_view text);

/// yes/on/true/enable/1 and no/off/false/disable/0.
std::optional<bool> boolean(std::string_view text);

/// The candidate that takes the fewest changed letters to become `text`, if that is at most two or
/// a third of its length; else empty.
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

} // namespace bulkhead::text
