#include "kit/translation.hpp"

#include "kit/barrier.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"

#include <algorithm>
#include <array>

namespace bulkhead::guest::translation {
namespace {

constexpr std::uint64_t gib = 1ULL << 30U;
constexpr std::uint64_t block = 1ULL << 21U;
constexpr unsigned entries = 512;

/// A block or table descriptor of stage 1, 4 KiB granule (Arm ARM, "Translation table descriptor
/// formats").
struct Descriptor {
    using Valid = Bit<0>;
    using IsTable = Bit<1>;
    using AttrIndx = Field<4, 2, MemoryType>;
    using SH = Field<9, 8>;
    using AF = Bit<10>;
    using PXN = Bit<53>;
    using UXN = Bit<54>;
    static constexpr std::uint64_t address_mask = 0x0000'ffff'ffff'f000;

    static constexpr std::uint64_t block(std::uint64_t address, MemoryType type)
    {
        constexpr std::uint64_t inner_shareable = 3;
        return address | Valid::put(true) | AttrIndx::put(type) | SH::put(inner_shareable) |
               AF::put(true) | PXN::put(type == MemoryType::device) | UXN::put(true);
    }
    static constexpr std::uint64_t table(std::uint64_t address)
    {
        return address | Valid::put(true) | IsTable::put(true);
    }
};
static_assert(Descriptor::block(0x4000'0000, MemoryType::normal) == 0x0040'0000'4000'0705);
static_assert(Descriptor::block(0x0900'0000, MemoryType::device) == 0x0060'0000'0900'0701);

/// MAIR_EL1: attribute n for MemoryType n.
constexpr std::uint64_t mair = 0x04U << (8U * static_cast<unsigned>(MemoryType::device)) |
                               0xffU << (8U * static_cast<unsigned>(MemoryType::normal));

/// TCR_EL1 but for IPS.
struct Tcr {
    using T0SZ = Field<5, 0>;
    using IRGN0 = Field<9, 8>;
    using ORGN0 = Field<11, 10>;
    using SH0 = Field<13, 12>;
    using EPD1 = Bit<23>;
    using IPS = Field<34, 32>;
    // 39-bit addresses, so that a walk begins at level 1; walks are write-back, inner shareable.
    static constexpr std::uint64_t base =
        T0SZ::put(64 - 39) | IRGN0::put(1) | ORGN0::put(1) | SH0::put(3) | EPD1::put(true);
};

/// SCTLR_EL1: its RES1 bits, and M, C, I.
constexpr std::uint64_t sctlr = 0x30d0'0800 | 1U << 0U | 1U << 2U | 1U << 12U;

using Table = std::array<std::uint64_t, entries>;
alignas(4096) Table level1{};
alignas(4096) std::array<Table, 8> level2{};
unsigned level2_used = 0;

Table& level2_of(std::uint64_t address)
{
    auto& entry = level1[address / gib];
    if (!Descriptor::Valid::of(entry)) {
        if (level2_used == level2.size()) stop("the identity map needs more than 8 level 2 tables");
        entry = Descriptor::table(reinterpret_cast<std::uint64_t>(&level2[level2_used++]));
    }
    return *reinterpret_cast<Table*>(entry & Descriptor::address_mask);
}

extern "C" void guest_enable_mmu(std::uint64_t ttbr0, std::uint64_t tcr, std::uint64_t mair,
                                 std::uint64_t sctlr);
extern "C" const char guest_written_start[];
extern "C" const char guest_image_end[];

std::uint64_t cache_line() { return 4ULL << CTR_EL0::DminLine::of(CTR_EL0::read()); }

} // namespace

void map(Range range, MemoryType type)
{
    const auto end = std::min(range.end(), entries * gib);
    auto address = range.start & ~(block - 1);
    while (address < end) {
        auto& entry = level1[address / gib];
        if (address % gib == 0 && end - address >= gib && !Descriptor::Valid::of(entry)) {
            entry = Descriptor::block(address, type);
            address += gib;
        } else if (Descriptor::Valid::of(entry) && !Descriptor::IsTable::of(entry)) {
            address = (address / gib + 1) * gib; // in a block of 1 GiB already
        } else {
            level2_of(address)[address / block % entries] = Descriptor::block(address, type);
            address += block;
        }
    }
    // New entries were invalid before, so no TLB holds them (Arm ARM, "TLB maintenance").
    asm volatile("dsb ishst\n isb" ::: "memory");
}

Registers registers()
{
    const auto range = std::min<std::uint64_t>(
        ID_AA64MMFR0_EL1::PARange::of(ID_AA64MMFR0_EL1::read()), 5 /* 48 bits */);
    return {.ttbr0 = reinterpret_cast<std::uint64_t>(&level1),
            .tcr = Tcr::base | Tcr::IPS::put(range),
            .mair = mair,
            .sctlr = sctlr};
}

void enable()
{
    // What was written with caches off must not be hidden by lines that a loader left behind.
    const auto line = cache_line();
    for (auto at = reinterpret_cast<std::uint64_t>(guest_written_start) & ~(line - 1);
         at < reinterpret_cast<std::uint64_t>(guest_image_end); at += line)
        asm volatile("dc ivac, %0" ::"r"(at) : "memory");
    data_barrier();
    const auto [ttbr0, tcr, mair_value, sctlr_value] = registers();
    guest_enable_mmu(ttbr0, tcr, mair_value, sctlr_value);
}

void clean_and_invalidate(Range range)
{
    const auto line = cache_line();
    for (auto at = range.start & ~(line - 1); at < range.end(); at += line)
        asm volatile("dc civac, %0" ::"r"(at) : "memory");
    data_barrier();
}

} // namespace bulkhead::guest::translation
