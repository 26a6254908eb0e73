#include "driver/gicv2.hpp"

#include "arm64/system_register.hpp"

namespace bulkhead::driver {
namespace {

// Non-secure, this enables Group 1, which is all there is to see; without Security Extensions,
// Group 0, where they are put: their group register is there only then.
constexpr std::uint32_t enable = 1;
// GICC_CTLR.EOImodeNS in the Non-secure view, EOImodeS otherwise (4.4.1): the end of an interrupt
// only drops the priority.
constexpr std::uint32_t eoi_mode_split_ns = 1U << 9;
constexpr std::uint32_t all_priorities = 0xff;

} // namespace

void Gicv2::initialise(const Regions& regions)
{
    distributor_ = InterruptBanks{regions.distributor};
    cpu_ = regions.cpu;
    control_ = regions.virtual_control;
    virtual_cpu_ = regions.virtual_cpu;
    regions.distributor.write(Gicd::control, std::uint32_t{0});
    const auto lines = 32 * ((regions.distributor.read(Gicd::type) & 0x1f) + 1);
    interrupts_ = lines > 1020 ? 1020 : lines;
    distributor_.quiet(32, interrupts_);
    distributor_.set_group(32, interrupts_, false);
    regions.distributor.write(Gicd::control, enable);
}

void Gicv2::initialise_cpu(CpuId cpu)
{
    // The target registers of private interrupts read as this CPU's bit (4.3.12).
    target_bit_[cpu.value()] = distributor_.registers().read<std::uint8_t>(Gicd::target);
    distributor_.quiet(0, 32);
    distributor_.set_group(0, 32, false);
    cpu_.write(Gicc::priority_mask, all_priorities);
    cpu_.write(Gicc::binary_point, std::uint32_t{0});
    cpu_.write(Gicc::control, enable | eoi_mode_split_ns);
    control_.write(Gich::virtual_control, std::uint32_t{0});
    control_.write(Gich::active_priorities, std::uint32_t{0});
    for (unsigned i = 0; i < machine::list_register_count(); ++i)
        write_list_register(i, 0);
    control_.write(Gich::control, enable);
}

void Gicv2::route(Intid spi, CpuId cpu) const
{
    distributor_.registers().write(static_cast<std::size_t>(Gicd::target) + spi.value(),
                                   target_bit_[cpu.value()]);
}

void Gicv2::send_sgi(Intid intid, CpuId cpu) const
{
    asm volatile("dsb ishst" : : : "memory");
    distributor_.registers().write(Gicd::sgi,
                                   (std::uint32_t{target_bit_[cpu.value()]} << 16) | intid.value());
}

bool Gicv2::is_repeated_over_64k(Mmio cpu)
{
    const auto identification = cpu.read(Gicc::identification);
    const auto in_second_page = cpu.at(0x1000).read(Gicc::identification);
    return identification != 0 && identification == in_second_page;
}

} // namespace bulkhead::driver
