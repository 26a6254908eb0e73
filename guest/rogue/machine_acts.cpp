// Storms of interrupts and characters, and a machine that is set up wrong.

#include "rogue/acts.hpp"
#include "rogue/targets.hpp"

#include "kit/barrier.hpp"
#include "kit/exception.hpp"
#include "kit/gic.hpp"
#include "kit/hypercall.hpp"
#include "kit/stop.hpp"
#include "kit/system_register.hpp"
#include "kit/timer.hpp"

#include <algorithm>

namespace bulkhead::guest::rogue {
namespace {

constexpr std::uint64_t gib = 1ULL << 30U;
constexpr RegisterBlock uart{0x2200'0000};

void write(RegisterBlock block, std::uint64_t offset, std::uint64_t value)
{
    block.write(At<std::uint32_t>{static_cast<std::uint32_t>(offset)},
                static_cast<std::uint32_t>(value));
}

void sgi_storm(Random& random)
{
    const bool any_target = random.one_in(2);
    for (auto n = random.below(64); n != 0; --n) {
        if (gic::version() == gic::Version::v2)
            write(gic::distributor(), 0xf00, random.next()); // GICD_SGIR
        else if (any_target)
            ICC_SGI1R_EL1::write(random.next());
        else
            ICC_SGI1R_EL1::write(random.next() & 0x0f00'0003); // to the first two CPUs
    }
}

/// Everything enabled, and everything pending.
void interrupt_storm(Random& random)
{
    const auto blocks = gic::interrupts() / 32;
    // IGROUPR, ISENABLER, ICENABLER, ISPENDR, ICPENDR, ISACTIVER, ICACTIVER
    for (const unsigned register_of : {0x80U, 0x100U, 0x180U, 0x200U, 0x280U, 0x300U, 0x380U}) {
        if (random.one_in(2)) continue;
        for (unsigned block = 0; block < blocks; ++block)
            write(gic::block_of({block * 32}), register_of + 4 * block, random.next());
    }
    for (auto n = random.below(32); n != 0; --n) {
        const auto intid = static_cast<std::uint32_t>(random.below(gic::interrupts()));
        write(gic::block_of({intid}), 0x400 + (intid & ~3U), random.next()); // IPRIORITYR
    }
    if (random.one_in(2)) unmask_interrupts();
    for (auto n = random.below(20); n != 0; --n) {
        const auto taken = gic::acknowledge();
        if (random.one_in(2)) gic::end(taken);
    }
}

void uart_storm(Random& random)
{
    for (auto n = random.below(100); n != 0; --n)
        write(uart, 0, random.next());
    for (auto n = random.below(20); n != 0; --n)
        write(uart, random.next() & 0xffc, random.next());
}

void timer_storm(Random& random)
{
    for (const auto kind : {TimerKind::virtual_timer, TimerKind::physical_timer}) {
        const Timer timer{kind};
        for (auto n = random.below(8); n != 0; --n) {
            // Not all 64 bits, and not back: see instruction_acts.cpp on CNTV_CVAL_EL0.
            timer.set_compare(random.one_in(2) ? operand(random) >> 1U
                                               : timer.now() + random.below(2000));
            timer.set_control(random.next());
            if (random.one_in(2))
                timer.set_distance(static_cast<std::int32_t>(random.next() >> 33U));
        }
    }
    if (random.one_in(2)) unmask_interrupts();
    const Timer end{TimerKind::virtual_timer};
    end.start(end.now() + Timer::frequency() / 50'000);
    for (auto n = random.below(4); n != 0; --n)
        wait_for_interrupt();
}

using Table = std::array<std::uint64_t, 512>;
alignas(4096) constinit std::array<Table, 4> tables{};

std::uint64_t random_descriptor(Random& random)
{
    switch (random.below(4)) {
    case 0: return random.next();
    case 1: return reinterpret_cast<std::uint64_t>(&random.of(tables)) | 3;
    default:
        return (physical_address(random) & 0x0000'ffff'ffff'f000) | 0x401 |
               (random.next() & 0x0060'0000'0000'03de);
    }
}

/// Tables that lead anywhere, themselves included, and what a guest can have walk them.
void wild_tables(Random& random)
{
    for (auto& table : tables)
        for (auto n = random.below(200); n != 0; --n)
            table[random.below(512)] = random_descriptor(random);
    auto& root = tables[0];
    root[image_base() / gib] = (image_base() & ~(gib - 1)) | 0x705;
    data_barrier();
    const bool wild_root = !is_tame() && random.one_in(16);
    TTBR0_EL1::write(wild_root ? operand(random) : reinterpret_cast<std::uint64_t>(&root));
    if (!is_tame() && random.one_in(8))
        SystemRegister<3, 0, 2, 0, 2>::write(random.next()); // TCR_EL1
    asm volatile("isb\n tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
    const auto address = (random.next() & 0x7f'ffff'ffff) & (random.one_in(2) ? ~0ULL : ~7ULL);
    switch (random.below(4)) {
    case 0: (void)*reinterpret_cast<volatile std::uint32_t*>(address); break;
    case 1: *reinterpret_cast<volatile std::uint64_t*>(address) = random.next(); break;
    case 2: // EL2 walks them: xen_version, event_channel_op, console_io
        for (const auto number : {17, 32, 18})
            (void)hypercall(static_cast<HypercallNumber>(number), random.below(10), address);
        break;
    default: reinterpret_cast<void (*)()>(address)();
    }
}

/// The next exception goes nowhere.
void wild_vectors(Random& random)
{
    if (is_tame()) return;
    VBAR_EL1::write(operand(random));
    instruction_barrier();
    asm volatile("svc #0");
}

constexpr Act acts[] = {
    {"SGIs", 5, sgi_storm},     {"interrupts", 8, interrupt_storm}, {"characters", 1, uart_storm},
    {"timers", 6, timer_storm}, {"tables", 20, wild_tables},        {"vectors", 1, wild_vectors},
};

} // namespace

std::span<const Act> machine_acts() { return acts; }

} // namespace bulkhead::guest::rogue
