#include "domain/load_store.hpp"

namespace bulkhead::domain {
namespace {

using Index = LoadStore::Index;

constexpr std::uint8_t field(std::uint32_t instruction, unsigned high, unsigned low)
{
    return static_cast<std::uint8_t>(instruction >> low & bits(high - low, 0));
}
constexpr std::int64_t immediate(std::uint32_t instruction, unsigned high, unsigned low)
{
    return static_cast<std::int64_t>(
        sign_extended(instruction >> low & bits(high - low, 0), high - low + 1));
}

/// LDP, STP, LDPSW; LDNP and STNP (C4.1.88, load/store register pair).
std::optional<LoadStore> decode_pair(std::uint32_t instruction)
{
    const auto opc = field(instruction, 31, 30);
    const auto mode = field(instruction, 24, 23);
    const bool is_load = field(instruction, 22, 22) != 0;
    if (opc == 3 || (opc == 1 && (!is_load || mode == 0))) return std::nullopt;
    const std::uint8_t size = opc == 2 ? 8 : 4;
    return LoadStore{.is_load = is_load,
                     .is_pair = true,
                     .sign_extends = opc == 1,
                     .size = size,
                     .first = field(instruction, 4, 0),
                     .second = field(instruction, 14, 10),
                     .base = field(instruction, 9, 5),
                     .index = mode == 1   ? Index::post
                              : mode == 3 ? Index::pre
                                          : Index::offset,
                     .offset = immediate(instruction, 21, 15) * size};
}

/// LDR, STR and the like of a register, with any of their offsets.
std::optional<LoadStore> decode_single(std::uint32_t instruction)
{
    const auto log2_size = field(instruction, 31, 30);
    const auto opc = field(instruction, 23, 22);
    // Prefetches, and what would extend to less than it loads.
    if (opc >= 2 && log2_size + opc >= 5) return std::nullopt;
    LoadStore result{.is_load = opc != 0,
                     .sign_extends = opc >= 2,
                     .is_64_bit = opc != 3,
                     .size = static_cast<std::uint8_t>(1U << log2_size),
                     .first = field(instruction, 4, 0),
                     .base = field(instruction, 9, 5)};
    const auto mode = field(instruction, 11, 10);
    if (field(instruction, 24, 24) != 0) {
        result.offset = static_cast<std::int64_t>(instruction >> 10 & bits(11, 0)) << log2_size;
    } else if (field(instruction, 21, 21) == 0) { // unscaled, post, unprivileged, pre
        result.offset = immediate(instruction, 20, 12);
        if (mode % 2 != 0) result.index = mode == 1 ? Index::post : Index::pre;
    } else {
        result.offset_register = field(instruction, 20, 16);
        result.extend = field(instruction, 15, 13);
        result.shift = field(instruction, 12, 12) != 0 ? log2_size : 0;
        // Others are atomic or have a pointer authenticated.
        if (mode != 2 || (result.extend & 2) == 0) return std::nullopt;
    }
    return result;
}

} // namespace

std::optional<LoadStore> decode_load_store(std::uint32_t instruction)
{
    if (field(instruction, 29, 25) == 0b10100) return decode_pair(instruction);
    if (field(instruction, 29, 25) == 0b11100) return decode_single(instruction);
    return std::nullopt;
}

} // namespace bulkhead::domain
