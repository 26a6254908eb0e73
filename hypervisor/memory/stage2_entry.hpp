#pragma once

#include "base/register.hpp"
#include "base/types.hpp"

#include <cstdint>

namespace bulkhead::memory {

/// What a guest may do with memory, and of what kind it is.
enum class Stage2Access : std::uint8_t {
    ram,    // Normal write-back, read, write, execute
    device, // Device-nGnRE, read and write
};

/// VMSAv8-64 stage 2 descriptor, 4 KiB granule (Arm ARM D8.3, D8.5.5 for the attributes).
struct Stage2Entry : Register<Stage2Entry, std::uint64_t> {
    enum class Type : std::uint8_t { invalid = 0, block = 1, table_or_page = 3 };
    enum class MemoryType : std::uint8_t { device_ngnre = 0b0001, normal_write_back = 0b1111 };
    enum class Shareability : std::uint8_t { none = 0, outer = 2, inner = 3 };

    static constexpr Field<1, 0, Type> type{};
    static constexpr Field<5, 2, MemoryType> memory_type{};
    static constexpr Field<6, 6, bool> readable{};
    static constexpr Field<7, 7, bool> writable{};
    static constexpr Field<9, 8, Shareability> shareability{};
    static constexpr Field<10, 10, bool> accessed{};
    static constexpr Field<47, 12, Mfn> frame{};
    static constexpr Field<54, 54, bool> execute_never{};
};

constexpr Stage2Entry stage2_leaf(Mfn frame, Stage2Access access, bool block)
{
    using E = Stage2Entry;
    const bool ram = access == Stage2Access::ram;
    return E{}
        .with(E::type, block ? E::Type::block : E::Type::table_or_page)
        .with(E::memory_type, ram ? E::MemoryType::normal_write_back : E::MemoryType::device_ngnre)
        .with(E::readable, true)
        .with(E::writable, true)
        .with(E::shareability, E::Shareability::inner)
        .with(E::accessed, true)
        .with(E::frame, frame)
        .with(E::execute_never, !ram);
}

constexpr Stage2Entry stage2_table(Mfn frame)
{
    using E = Stage2Entry;
    return E{}.with(E::type, E::Type::table_or_page).with(E::frame, frame);
}

static_assert(stage2_leaf(Mfn{0x40000}, Stage2Access::ram, true).raw() == 0x4000'07fd);
static_assert(stage2_leaf(Mfn{0x9000}, Stage2Access::device, false).raw() == 0x0040'0000'0900'07c7);

/// VTCR_EL2 (Arm ARM D17.2.150): how the hardware walks the tables that Stage2Map builds.
struct Vtcr : Register<Vtcr, std::uint64_t> {
    static constexpr Field<5, 0, std::uint8_t> t0sz{};
    static constexpr Field<7, 6, std::uint8_t> start_level{}; // SL0: 1 is level 1
    static constexpr Field<9, 8, std::uint8_t> inner_cache{}; // 1: write-back
    static constexpr Field<11, 10, std::uint8_t> outer_cache{};
    static constexpr Field<13, 12, Stage2Entry::Shareability> shareability{};
    static constexpr Field<15, 14, std::uint8_t> granule{};       // TG0: 0 is 4 KiB
    static constexpr Field<18, 16, std::uint8_t> physical_size{}; // PS, as PARange
    static constexpr Field<31, 31, bool> one{};                   // RES1
};

} // namespace bulkhead::memory
