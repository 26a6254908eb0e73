#include "rogue/targets.hpp"

#include "kit/barrier.hpp"
#include "kit/cpu.hpp"
#include "kit/stop.hpp"
#include "kit/translation.hpp"

#include <algorithm>

namespace bulkhead::guest::rogue {
namespace {

constexpr std::uint64_t gib = 1ULL << 30U;

/// Block descriptors of level 1: valid, AF, inner shareable.
constexpr std::uint64_t normal_block = 0x705;
constexpr std::uint64_t device_block = 0x701;
constexpr std::uint64_t for_el0 = 1U << 6U; // AP[1]

constexpr std::uint64_t far_away[] = {2 * gib,    3 * gib,        8 * gib,     0x7f'c000'0000,
                                      1ULL << 40, 0xff'c000'0000, 1ULL << 44U, 0xffff'c000'0000};
static_assert(elsewhere + std::size(far_away) <= views);

using Table = std::array<std::uint64_t, 512>;
alignas(4096) constinit Table wide_table{};

constexpr std::size_t code_words = 256;
alignas(4096) constinit std::array<std::array<std::uint32_t, code_words>, Cpu::limit> code{};

constinit std::array<std::uint64_t, 40> places{};
constinit std::size_t places_used = 0;
constinit bool stays_tame = false;

void add(std::uint64_t place)
{
    if (places_used < places.size()) places[places_used++] = place;
}

} // namespace

std::uint64_t make_wide_table(const Board& board, bool tame)
{
    stays_tame = tame;
    const auto kit = translation::registers().ttbr0;
    std::ranges::copy(*reinterpret_cast<const Table*>(kit), wide_table.begin());
    const auto here = image_base() & ~(gib - 1);
    wide_table[user_memory] = here | normal_block | for_el0;
    wide_table[user_devices] = device_block | for_el0;
    wide_table[all_devices] = device_block;
    wide_table[all_memory] = normal_block;
    for (std::size_t n = 0; n < std::size(far_away); ++n)
        wide_table[elsewhere + n] = far_away[n] | (n % 2 == 0 ? normal_block : device_block);
    data_barrier();

    add(board.gic.distributor.start);
    add(board.gic.distributor.start + 0x1000);
    add(board.gic.distributor.end());
    add(board.gic.cpu_interface.start);
    add(board.gic.cpu_interface.start + 0x1000);
    for (const auto& region : board.gic.redistributors)
        for (std::uint64_t offset = 0; offset < region.size; offset += 0x1'0000)
            if (offset < 0x8'0000) add(region.start + offset);
    add(board.uart_registers.start);
    add(board.uart_registers.end());
    for (const auto& bank : board.memory_banks) {
        if (!tame) add(bank.start);
        add(bank.end() - 0x1000);
        add(bank.end());
    }
    if (!tame) add(image_base());
    // The machine's own: GIC and UART of QEMU's virt and of zcu102.
    for (const std::uint64_t place : {0x0800'0000U, 0x0801'0000U, 0x080a'0000U, 0x0900'0000U,
                                      0x4020'0000U, 0xf901'0000U, 0xff00'0000})
        add(place);
    return reinterpret_cast<std::uint64_t>(&wide_table);
}

bool is_tame() { return stays_tame; }

std::uint64_t physical_address(Random& random)
{
    const auto place = places[random.below(places_used)];
    switch (random.below(8)) {
    case 0: return random.next() >> random.below(64);
    case 1: return place + random.below(0x1'0000);
    case 2: return place - random.below(16);
    default: return place + (random.below(0x1000) & ~7ULL);
    }
}

std::uint64_t virtual_address(Random& random)
{
    auto address = physical_address(random);
    if (random.one_in(4)) return address;
    return (address & (gib - 1)) + random.below(views) * gib;
}

std::uint64_t operand(Random& random)
{
    switch (random.below(6)) {
    case 0: return random.below(40);
    case 1: return ~random.below(4);
    case 2: return 1ULL << random.below(64);
    case 3: return virtual_address(random);
    default: return random.next() >> random.below(64);
    }
}

Registers operands(Random& random)
{
    Registers all{};
    std::ranges::generate(all, [&] { return operand(random); });
    return all;
}

std::span<std::uint32_t> code_buffer() { return code[MPIDR_EL1::read() & 0xf]; }

std::uint64_t finish_code(std::span<std::uint32_t> words)
{
    constexpr std::uint32_t brk = 0xd420'0000;
    const auto all = code_buffer();
    std::fill(all.begin() + static_cast<std::ptrdiff_t>(words.size()), all.end(), brk);
    const auto start = reinterpret_cast<std::uint64_t>(all.data());
    translation::clean_and_invalidate({.start = start, .size = all.size_bytes()});
    asm volatile("ic iallu\n dsb nsh\n isb" ::: "memory");
    return start;
}

} // namespace bulkhead::guest::rogue
