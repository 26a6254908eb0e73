#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

/// The flattened format (Devicetree Specification 0.4, chapter 5): big-endian words of 32 bits.
namespace bulkhead::devicetree::format {

inline std::uint32_t load(const std::byte* from)
{
    std::uint32_t word = 0;
    __builtin_memcpy(&word, from, sizeof word);
    return std::byteswap(word);
}

inline void store(std::byte* to, std::uint32_t word)
{
    word = std::byteswap(word);
    __builtin_memcpy(to, &word, sizeof word);
}

/// Tokens, names and values start at multiples of this (5.4).
constexpr std::size_t alignment = 4;

/// 5.2. Offsets are from the header's start.
struct Header {
    static constexpr std::uint32_t tree_magic = 0xd00d'feed;
    /// 17 (2005) added the size of the structure block, without which it has no checkable end.
    static constexpr std::uint32_t current_version = 17;
    static constexpr std::uint32_t lowest_compatible = 16;

    std::uint32_t magic = tree_magic;
    std::uint32_t total_size = 0;
    std::uint32_t structure = 0;
    std::uint32_t strings = 0;
    std::uint32_t reservations = 0;
    std::uint32_t version = current_version;
    std::uint32_t compatible_version = lowest_compatible;
    std::uint32_t boot_cpu = 0;
    std::uint32_t strings_size = 0;
    std::uint32_t structure_size = 0;
};
static_assert(sizeof(Header) == 40);
using HeaderWords = std::array<std::uint32_t, sizeof(Header) / 4>;

inline Header load_header(const std::byte* from)
{
    HeaderWords words;
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = load(from + 4 * i);
    return std::bit_cast<Header>(words);
}

inline void store_header(std::byte* to, const Header& header)
{
    const auto words = std::bit_cast<HeaderWords>(header);
    for (std::size_t i = 0; i < words.size(); ++i)
        store(to + 4 * i, words[i]);
}

/// 5.3: an address and a size of 64 bits each; two zeros end the block.
constexpr std::size_t reservation_size = 16;

/// 5.4.1.
enum Token : std::uint32_t { begin_node = 1, end_node = 2, property = 3, nop = 4, end = 9 };
/// A property's token, the size of its value, and where its name is in the strings block.
constexpr std::size_t property_header_size = 12;

} // namespace bulkhead::devicetree::format
