#include "device/vgic.hpp"

/// What the rest of the hypervisor asks of the virtual GIC, under its lock.
namespace bulkhead::device {

namespace {

gic::DistributorType type_of(const VgicConfiguration& configuration)
{
    using T = gic::DistributorType;
    const auto type = T{}.with(T::it_lines, configuration.spis / interrupts_per_bank);
    if (configuration.version == GicVersion::v2)
        return type.with(T::cpu_number, configuration.vcpus - 1);
    return type.with(T::id_bits, 9).with(T::affinity3, true);
}

} // namespace

Vgic::Vgic(const VgicConfiguration& configuration, std::span<std::byte> memory)
    : configuration_(configuration), type_(type_of(configuration)),
      priority_mask_(static_cast<std::uint8_t>(0xff << (8 - machine::virtual_priority_bits()))),
      delivery_(configuration, memory)
{
}

void Vgic::attach(VcpuId vcpu, sched::Unit& unit)
{
    const Guard guard{lock_};
    delivery_.cpu(vcpu).unit = &unit;
}

void Vgic::link_private(VcpuId vcpu, Intid virtual_ppi, Intid physical_ppi)
{
    const Guard guard{lock_};
    VgicDelivery::link(delivery_.at(vcpu, virtual_ppi), physical_ppi);
}

void Vgic::link_shared(Intid virtual_spi, Intid physical_spi)
{
    const Guard guard{lock_};
    VgicDelivery::link(delivery_.at(nobody, virtual_spi), physical_spi);
}

void Vgic::link_timer(VcpuId vcpu, unsigned timer, Intid virtual_ppi, Intid physical_ppi)
{
    const Guard guard{lock_};
    auto& c = delivery_.cpu(vcpu);
    c.timer[timer] = virtual_ppi;
    c.timer_mask |= mask_of(virtual_ppi.value());
    VgicDelivery::link(delivery_.at(vcpu, virtual_ppi), physical_ppi);
}

void Vgic::set_line(Intid id, bool high, VcpuId of)
{
    const Guard guard{lock_};
    delivery_.set_line(delivery_.at(of, id), high);
}

void Vgic::pulse(Intid id, VcpuId of)
{
    const Guard guard{lock_};
    delivery_.change(delivery_.at(of, id), Change::set_pending, nobody);
}

void Vgic::physical_arrived(VcpuId running, Intid virtual_intid)
{
    const Guard guard{lock_};
    delivery_.physical_arrived(delivery_.at(running, virtual_intid), running);
    if (virtual_intid.value() < first_spi) delivery_.refresh_timers(delivery_.cpu(running));
}

Access Vgic::deactivate(VcpuId running, Intid intid)
{
    const Guard guard{lock_};
    if (!delivery_.exists(intid)) return Access::done;
    const auto i = delivery_.at(running, intid);
    if (!reclaim(*i.bank, i.mask(), running)) return Access::retry;
    change_each(*i.bank, running, i.mask(), Change::clear_active);
    return Access::done;
}

void Vgic::flush(VcpuId running)
{
    const Guard guard{lock_};
    delivery_.flush(delivery_.cpu(running));
}

void Vgic::refresh(VcpuId running)
{
    const Guard guard{lock_};
    delivery_.refresh(delivery_.cpu(running));
}

bool Vgic::has_deliverable(VcpuId running)
{
    const Guard guard{lock_};
    return delivery_.has_deliverable(delivery_.cpu(running));
}

bool Vgic::can_timer_signal(VcpuId vcpu, unsigned timer)
{
    const Guard guard{lock_};
    return delivery_.can_signal(delivery_.at(vcpu, delivery_.cpu(vcpu).timer[timer]));
}

void Vgic::load(VcpuId vcpu)
{
    const Guard guard{lock_};
    delivery_.load(delivery_.cpu(vcpu));
}

void Vgic::save(VcpuId vcpu)
{
    const Guard guard{lock_};
    delivery_.save(delivery_.cpu(vcpu));
}

void Vgic::reset()
{
    const Guard guard{lock_};
    delivery_.reset();
}

void Vgic::reset_vcpu(VcpuId vcpu)
{
    const Guard guard{lock_};
    delivery_.reset_private(delivery_.cpu(vcpu));
}

} // namespace bulkhead::device
