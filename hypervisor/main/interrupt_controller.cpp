#include "base/fixed_vector.hpp"
#include "base/read_only_after_boot.hpp"
#include "driver/gic.hpp"
#include "driver/interrupt.hpp"
#include "machine/cpu.hpp"
#include "machine/memory.hpp"
#include "main/host.hpp"

#include <algorithm>

namespace bulkhead::start {
namespace {

driver::Mmio map(memory::PhysicalRange range)
{
    return driver::Mmio{machine::map_physical(range.start, range.size, machine::MapAccess::device)};
}

void start_gicv2(const devicetree::InterruptController& gic)
{
    // The first interface's pages may be repeated; then the two that adjoin are at 60 KiB, and the
    // guest's interface, which is built alike, has them there as well.
    constexpr std::uint64_t repeated_size = 0x2'0000;
    const auto cpu = map(gic.cpu_interface);
    const bool repeated =
        gic.cpu_interface.size >= repeated_size && driver::Gicv2::is_repeated_over_64k(cpu);
    const auto offset = repeated ? driver::Gicv2::repeated_offset : 0;
    driver::gic().use({.distributor = map(gic.distributor),
                       .cpu = cpu.at(offset),
                       .virtual_control = map(gic.virtual_control),
                       .virtual_cpu = gic.virtual_cpu_interface.start + offset});
}

void start_gicv3(const devicetree::InterruptController& gic)
{
    READ_ONLY_AFTER_BOOT static constinit FixedVector<driver::Gicv3::RedistributorRegion, max_cpus>
        regions;
    for (const auto& range : gic.redistributors)
        static_cast<void>(regions.push({map(range), range.size}));
    driver::gic().use(map(gic.distributor), regions, gic.redistributor_stride);
}

} // namespace

void start_interrupt_controller(const devicetree::HostDescription& host)
{
    const auto& gic = host.interrupt_controller;
    if (gic.version == devicetree::GicVersion::v3)
        start_gicv3(gic);
    else
        start_gicv2(gic);
    driver::set_maintenance_interrupt(gic.maintenance);
    if (!driver::gic().initialise_cpu(CpuId{0}))
        machine::halt("the GIC has no redistributor for the boot CPU");
    driver::gic().enable(gic.maintenance);
    driver::set_alarm_interrupt(host.timer.hypervisor);
    driver::gic().enable(host.timer.hypervisor);
}

} // namespace bulkhead::start
