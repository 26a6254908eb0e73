// Cache maintenance: by set and way as firmware and RTOSes do, and by address.

#include "conformance/check.hpp"
#include "conformance/machine.hpp"
#include "kit/barrier.hpp"
#include "kit/field.hpp"
#include "kit/system_register.hpp"

#include <array>
#include <bit>

namespace bulkhead::guest::conformance {
namespace {

using namespace machine;

using DCZID_EL0 = SystemRegister<3, 3, 0, 0, 7>;

/// CCSIDR_EL1 without FEAT_CCIDX.
struct CacheSize {
    using LineSize = Field<2, 0>; // log2 of 4-word units
    using Associativity = Field<12, 3>;
    using NumSets = Field<27, 13>;
};

alignas(64) constinit std::array<std::uint64_t, 1024> data{};

void fill(std::uint64_t seed)
{
    for (std::size_t n = 0; n < data.size(); ++n)
        data[n] = seed * (n + 1);
}

void expect_filled(std::uint64_t seed)
{
    unsigned wrong = 0;
    for (std::size_t n = 0; n < data.size(); ++n)
        if (data[n] != seed * (n + 1)) ++wrong;
    expect_equal("words that changed", wrong, 0U);
}

/// Do with each level that holds data, and its CCSIDR_EL1.
template <class Action>
void for_each_data_cache(Action action)
{
    const auto levels = CLIDR_EL1::read();
    for (unsigned level = 0; level < 7; ++level) {
        const auto type = levels >> 3U * level & 7U;
        if (type == 0) return;
        if (type == 1) continue; // instructions only
        CSSELR_EL1::write(level << 1U);
        instruction_barrier();
        action(level, CCSIDR_EL1::read());
    }
}

void sizes_are_sane()
{
    unsigned levels = 0;
    for_each_data_cache([&levels](unsigned, std::uint64_t size) {
        ++levels;
        expect("a cache has a line of at most 2 KiB", CacheSize::LineSize::of(size) <= 7);
        expect("a cache has at most 64 ways", CacheSize::Associativity::of(size) < 64);
    });
    expect("there is a data cache", levels != 0);
}

/// The argument of DC CISW (Arm ARM, DC CISW): way, set and level in their places.
std::uint64_t set_way(unsigned level, std::uint64_t size, std::uint64_t set, std::uint64_t way)
{
    const auto ways = CacheSize::Associativity::of(size) + 1;
    const auto way_bits = static_cast<unsigned>(std::bit_width(ways - 1));
    const auto line_bits = static_cast<unsigned>(CacheSize::LineSize::of(size) + 4);
    const auto way_field = way_bits == 0 ? 0 : way << (32U - way_bits);
    return way_field | set << line_bits | level << 1U;
}

void set_and_way_complete()
{
    fill(0x1234'5678'9abc'def1);
    for_each_data_cache([](unsigned level, std::uint64_t size) {
        for (std::uint64_t way = 0; way <= CacheSize::Associativity::of(size); ++way)
            for (std::uint64_t set = 0; set <= CacheSize::NumSets::of(size); ++set)
                asm volatile("dc cisw, %0" ::"r"(set_way(level, size, set, way)) : "memory");
    });
    data_barrier();
    instruction_barrier();
    expect_filled(0x1234'5678'9abc'def1);
}

void one_set_and_way_of_each_kind()
{
    fill(0x0fed'cba9'8765'4321);
    for_each_data_cache([](unsigned level, std::uint64_t size) {
        const auto which = set_way(level, size, 0, 0);
        asm volatile("dc csw, %0\n dc cisw, %0\n dsb sy" ::"r"(which) : "memory");
    });
    expect_filled(0x0fed'cba9'8765'4321);
}

void by_address_keeps_data()
{
    fill(0x1111'2222'3333'4445);
    for (auto& word : data) {
        asm volatile("dc cvac, %0" ::"r"(&word) : "memory");
        asm volatile("dc cvau, %0" ::"r"(&word) : "memory");
        asm volatile("dc civac, %0" ::"r"(&word) : "memory");
    }
    data_barrier();
    expect_filled(0x1111'2222'3333'4445);
}

void instruction_cache_operations_complete()
{
    asm volatile("ic ivau, %0\n ic iallu\n ic ialluis\n dsb sy\n isb" ::"r"(&data) : "memory");
}

void translation_lookaside_operations_complete()
{
    asm volatile("tlbi vmalle1\n tlbi vmalle1is\n tlbi vaae1is, xzr\n tlbi aside1is, xzr\n"
                 "dsb sy\n isb" ::
                     : "memory");
}

void zero_by_address_zeroes()
{
    using BS = Field<3, 0>; // log2 of words
    using DZP = Bit<4>;     // prohibited
    const auto id = DCZID_EL0::read();
    if (DZP::of(id)) return;
    const auto words = (4ULL << BS::of(id)) / sizeof(data[0]);
    fill(7);
    const auto start = words; // the array may be aligned to less than a block
    const auto address =
        reinterpret_cast<std::uint64_t>(&data[start]) & ~((4ULL << BS::of(id)) - 1);
    asm volatile("dc zva, %0\n dsb sy" ::"r"(address) : "memory");
    std::uint64_t sum = 0;
    for (std::size_t n = 0; n < words; ++n)
        sum |= reinterpret_cast<const std::uint64_t*>(address)[n];
    expect_equal("the block", sum, 0U);
}

constexpr Check checks[] = {
    {"cache.sizes_are_sane", sizes_are_sane},
    {"cache.set_and_way_complete", set_and_way_complete},
    {"cache.one_set_and_way_of_each_kind", one_set_and_way_of_each_kind},
    {"cache.by_address_keeps_data", by_address_keeps_data},
    {"cache.instruction_operations_complete", instruction_cache_operations_complete},
    {"cache.translation_operations_complete", translation_lookaside_operations_complete},
    {"cache.zero_by_address_zeroes", zero_by_address_zeroes},
};

} // namespace

constinit const Group cache_group = checks;

} // namespace bulkhead::guest::conformance
