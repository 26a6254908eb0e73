#include "driver/gic_distributor.hpp"

namespace bulkhead::driver {

void InterruptBanks::set_trigger(Intid intid, bool edge) const
{
    const auto offset = word(Gicd::configuration, intid.value() / 16);
    const auto mask = std::uint32_t{2} << (2 * (intid.value() % 16));
    const auto old = registers_.read(offset);
    registers_.write(offset, edge ? old | mask : old & ~mask);
}

void InterruptBanks::quiet(std::uint32_t first, std::uint32_t last) const
{
    constexpr std::uint32_t all = ~std::uint32_t{0};
    constexpr std::uint32_t four_priorities = host_priority * 0x0101'0101U;
    for (std::uint32_t i = first; i < last; i += 32)
        for (const auto bank : {Gicd::clear_enable, Gicd::clear_pending, Gicd::clear_active})
            registers_.write(word(bank, i / 32), all);
    for (std::uint32_t i = first; i < last; i += 4)
        registers_.write(word(Gicd::priority, i / 4), four_priorities);
    for (std::uint32_t i = first < 16 ? 16 : first; i < last; i += 16)
        registers_.write(word(Gicd::configuration, i / 16), std::uint32_t{0});
}

void InterruptBanks::set_group(std::uint32_t first, std::uint32_t last, bool group1) const
{
    for (std::uint32_t i = first; i < last; i += 32)
        registers_.write(word(Gicd::group, i / 32), group1 ? ~std::uint32_t{0} : 0);
}

} // namespace bulkhead::driver
