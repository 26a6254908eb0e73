#include "driver/gic.hpp"

#include "arm64/per_cpu.hpp"
#include "base/read_only_after_boot.hpp"
#include "machine/cpu.hpp"
#include "machine/guest_state.hpp"
#include "machine/physical_interrupt.hpp"

namespace bulkhead::driver {

Gic& gic()
{
    READ_ONLY_AFTER_BOOT static constinit Gic the_gic;
    return the_gic;
}

void Gic::use(const Gicv2::Regions& regions)
{
    is_v3_ = 0;
    v2_.initialise(regions);
}

void Gic::use(Mmio distributor, std::span<const Gicv3::RedistributorRegion> redistributors,
              std::size_t redistributor_stride)
{
    is_v3_ = 1;
    v3_.initialise(distributor, redistributors, redistributor_stride);
}

Result<void> Gic::initialise_cpu(CpuId cpu)
{
    auto& own = private_banks_[cpu.value()];
    if (is_v3()) {
        if (auto done = v3_.initialise_cpu(arm64::per_cpu(cpu).affinity, own); !done) return done;
    } else {
        v2_.initialise_cpu(cpu);
        own = v2_.distributor();
    }
    enable(reschedule_sgi);
    enable(stop_sgi);
    return {};
}

InterruptBanks Gic::banks(Intid intid) const
{
    if (intid < Intid{32}) return private_banks_[machine::this_cpu().value()];
    return is_v3() ? v3_.distributor() : v2_.distributor();
}

void Gic::route(Intid spi, CpuId cpu) const
{
    if (is_v3())
        v3_.route(spi, arm64::per_cpu(cpu).affinity);
    else
        v2_.route(spi, cpu);
}

void Gic::send_sgi(Intid intid, CpuId cpu) const
{
    if (is_v3())
        Gicv3::send_sgi(intid, arm64::per_cpu(cpu).affinity);
    else
        v2_.send_sgi(intid, cpu);
}

} // namespace bulkhead::driver

// The seam: machine/physical_interrupt.hpp.
namespace bulkhead::machine {

using driver::gic;
using driver::Gicd;

void enable_physical(Intid intid) { gic().banks(intid).set(Gicd::set_enable, intid); }
void disable_physical(Intid intid) { gic().banks(intid).set(Gicd::clear_enable, intid); }
void set_physical_trigger(Intid intid, bool edge) { gic().banks(intid).set_trigger(intid, edge); }
void route_physical(Intid intid, CpuId cpu) { gic().route(intid, cpu); }
bool is_physical_pending(Intid intid) { return gic().banks(intid).get(Gicd::set_pending, intid); }
void clear_physical_pending(Intid intid) { gic().banks(intid).set(Gicd::clear_pending, intid); }
void deactivate_physical(Intid intid) { gic().banks(intid).set(Gicd::clear_active, intid); }
void activate_physical(Intid intid) { gic().banks(intid).set(Gicd::set_active, intid); }

void send_reschedule(CpuId cpu) { gic().send_sgi(driver::reschedule_sgi, cpu); }
void send_stop(CpuId cpu) { gic().send_sgi(driver::stop_sgi, cpu); }

} // namespace bulkhead::machine
