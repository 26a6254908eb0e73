#pragma once

#include "base/register.hpp"
#include "base/types.hpp"

#include <cstdint>

namespace bulkhead::arm64 {

/// Position in MAIR_EL2 (entry_constants.h).
enum class MemoryAttribute : std::uint8_t { device = 0, normal = 1 };

/// VMSAv8-64 stage 1 descriptor, 4 KiB granule, EL2 translation regime (Arm ARM D8.3).
struct Stage1Entry : Register<Stage1Entry, std::uint64_t> {
    enum class Type : std::uint8_t { invalid = 0, block = 1, table_or_page = 3 };
    enum class Shareability : std::uint8_t { none = 0, outer = 2, inner = 3 };

    static constexpr Field<1, 0, Type> type{};
    static constexpr Field<4, 2, MemoryAttribute> attribute{};
    /// AP[1]: RES1 in a regime with one exception level.
    static constexpr Field<6, 6, bool> one{};
    static constexpr Field<7, 7, bool> read_only{};
    static constexpr Field<9, 8, Shareability> shareability{};
    static constexpr Field<10, 10, bool> accessed{};
    static constexpr Field<47, 12> frame{};
    static constexpr Field<54, 54, bool> execute_never{};
};

/// What EL2 may do with a mapping. There is none that is writable and executable.
enum class Access : std::uint8_t { execute, read_only, read_write, device };

constexpr Stage1Entry stage1_leaf(PhysicalAddress address, Access access, bool block)
{
    using E = Stage1Entry;
    return E{}
        .with(E::type, block ? E::Type::block : E::Type::table_or_page)
        .with(E::attribute,
              access == Access::device ? MemoryAttribute::device : MemoryAttribute::normal)
        .with(E::one, true)
        .with(E::read_only, access == Access::execute || access == Access::read_only)
        .with(E::shareability, E::Shareability::inner)
        .with(E::accessed, true)
        .with(E::frame, frame_of(address).value())
        .with(E::execute_never, access != Access::execute);
}

constexpr Stage1Entry stage1_table(PhysicalAddress table)
{
    using E = Stage1Entry;
    return E{}.with(E::type, E::Type::table_or_page).with(E::frame, frame_of(table).value());
}

static_assert(stage1_leaf(PhysicalAddress{0x4020'0000}, Access::execute, false).raw() ==
              0x4020'07c7);
static_assert(stage1_leaf(PhysicalAddress{0x0900'0000}, Access::device, false).raw() ==
              0x0040'0000'0900'0743);

inline constexpr unsigned entries_per_table = 512;
/// Bytes that one entry covers at levels 0 to 3 (D8.2.6).
constexpr unsigned level_shift(unsigned level) { return 39 - 9 * level; }
constexpr unsigned table_index(std::uint64_t address, unsigned level)
{
    return static_cast<unsigned>(address >> level_shift(level)) % entries_per_table;
}

} // namespace bulkhead::arm64
