// What the guest's machine answers at addresses that are no RAM: machine/upcalls.hpp's part that is
// about devices.

#include "base/bits.hpp"
#include "device/guest_layout.hpp"
#include "domain/domain.hpp"
#include "machine/cpu.hpp"
#include "machine/physical_interrupt.hpp"
#include "machine/upcalls.hpp"
#include "sched/run_loop.hpp"

namespace bulkhead::upcall {
namespace {

using domain::vcpu_of;
using machine::MmioRead;
using machine::MmioResult;
namespace layout = device::guest_layout;

/// Calls what is given for the device at an address, with the offset in it.
template <typename Result>
Result at_device(domain::Domain& domain, GuestAddress address, Result ignored, auto&& distributor,
                 auto&& redistributor, auto&& vpl011)
{
    const auto& places = domain.places();
    if (const auto offset = address - places.distributor.start; offset < places.distributor.size) {
        domain.watch().sign_of_life();
        return distributor(offset);
    }
    if (const auto offset = address - places.cpus.start; offset < places.cpus.size) {
        domain.watch().sign_of_life();
        constexpr auto frames = layout::gicv3_redistributor_size;
        return redistributor(VcpuId{static_cast<std::uint32_t>(offset / frames)}, offset % frames);
    }
    if (const auto offset = address - places.vpl011.start; offset < places.vpl011.size) {
        domain.watch().sign_of_life();
        return vpl011(offset);
    }
    if (!domain.ignores_unmapped()) return {MmioResult::abort};
    domain.watch().sign_of_life();
    return ignored;
}

} // namespace

MmioRead read_mmio(RunningVcpu& running, GuestAddress address, unsigned size)
{
    const auto by = vcpu_of(running).id;
    auto& domain = *vcpu_of(running).domain;
    return at_device(
        domain, address, MmioRead{.value = bits(size * 8 - 1, 0)},
        [&](auto offset) { return domain.vgic().read_distributor(by, offset, size); },
        [&](auto of, auto offset) {
            return domain.vgic().read_redistributor(of, by, offset, size);
        },
        [&](auto offset) { return MmioRead{.value = domain.vpl011()->read(offset, size)}; });
}

MmioResult write_mmio(RunningVcpu& running, GuestAddress address, unsigned size,
                      std::uint64_t value)
{
    const auto by = vcpu_of(running).id;
    auto& domain = *vcpu_of(running).domain;
    return at_device(
        domain, address, MmioResult::done,
        [&](auto offset) { return domain.vgic().write_distributor(by, offset, size, value); },
        [&](auto of, auto offset) {
            return domain.vgic().write_redistributor(of, by, offset, size, value);
        },
        [&](auto offset) {
            domain.vpl011()->write(offset, size, value);
            return MmioResult::done;
        });
}

void send_sgi(RunningVcpu& running, std::uint64_t value, SgiGroup group)
{
    auto& vcpu = vcpu_of(running);
    vcpu.domain->vgic().send_sgi(vcpu.id, device::gic::SgiRequest::from(value),
                                 group == SgiGroup::any);
}

void deactivate(RunningVcpu& running, Intid intid)
{
    auto& vcpu = vcpu_of(running);
    // Of another CPU's SPI this says nothing, as if it had not trapped.
    static_cast<void>(vcpu.domain->vgic().deactivate(vcpu.id, intid));
}

void wait_for_interrupt(RunningVcpu& running) { sched::block(vcpu_of(running)); }

void guest_interrupt(RunningVcpu& running, Intid physical)
{
    if (physical >= Intid{32}) {
        auto* const owner = domain::owner_of(physical);
        if (owner == nullptr) return;
        const bool is_here = running.has_guest && vcpu_of(running).domain == owner;
        return owner->vgic().physical_arrived(is_here ? vcpu_of(running).id : device::nobody,
                                              physical);
    }
    if (physical < Intid{16}) machine::stop(); // EL2's other SGI is send_stop's
    // It was signalled before its vCPU left.
    if (!running.has_guest) return machine::deactivate_physical(physical);
    auto& vcpu = vcpu_of(running);
    const auto& timers = vcpu.timer_interrupt;
    const auto intid = physical == timers[0]   ? layout::virtual_timer
                       : physical == timers[1] ? layout::physical_timer
                                               : physical;
    vcpu.domain->vgic().physical_arrived(vcpu.id, intid);
}

void interrupts_changed(RunningVcpu& running)
{
    auto& vcpu = vcpu_of(running);
    vcpu.attention.fetch_and(~static_cast<std::uint32_t>(machine::Attention::interrupts),
                             std::memory_order_acquire);
    vcpu.domain->vgic().refresh(vcpu.id);
}

void maintenance_interrupt(RunningVcpu& running)
{
    auto& vcpu = vcpu_of(running);
    vcpu.domain->vgic().flush(vcpu.id);
}

} // namespace bulkhead::upcall
