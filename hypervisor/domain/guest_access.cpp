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

using device::Access;
using domain::vcpu_of;
namespace layout = device::guest_layout;

bool is_in(GuestAddress address, layout::Window window)
{
    return address - window.start < window.size;
}

MmioResult to_result(Access access)
{
    static_assert(static_cast<int>(Access::done) == static_cast<int>(MmioResult::done) &&
                  static_cast<int>(Access::abort) == static_cast<int>(MmioResult::abort) &&
                  static_cast<int>(Access::retry) == static_cast<int>(MmioResult::retry));
    return static_cast<MmioResult>(access);
}

MmioResult finish(MmioAccess& access, device::Read read)
{
    access.value = read.value;
    return to_result(read.access);
}

MmioResult access_redistributor(domain::Vcpu& vcpu, MmioAccess& access)
{
    constexpr auto frames = layout::gicv3_redistributor_size;
    auto& domain = *vcpu.domain;
    const auto offset = access.address - domain.places().cpus.start;
    const VcpuId of{static_cast<std::uint32_t>(offset / frames)};
    if (of.value() >= domain.vcpus().size()) return MmioResult::abort;
    domain.watch().sign_of_life();
    auto& vgic = domain.vgic();
    const auto in_frames = offset % frames;
    if (access.write)
        return to_result(
            vgic.write_redistributor(of, vcpu.id, in_frames, access.size, access.value));
    return finish(access, vgic.read_redistributor(of, vcpu.id, in_frames, access.size));
}

MmioResult access_distributor(domain::Vcpu& vcpu, MmioAccess& access, std::uint64_t offset)
{
    auto& domain = *vcpu.domain;
    domain.watch().sign_of_life();
    if (access.write)
        return to_result(
            domain.vgic().write_distributor(vcpu.id, offset, access.size, access.value));
    return finish(access, domain.vgic().read_distributor(vcpu.id, offset, access.size));
}

/// GICV's second page: GICV_DIR (IHI 0048, 5.5), and nothing else.
MmioResult access_deactivation(domain::Vcpu& vcpu, MmioAccess& access)
{
    constexpr std::uint64_t gicv_dir = 0x1000;
    if (access.size != 4) return MmioResult::abort;
    if (access.write && access.address - vcpu.domain->places().cpus.start == gicv_dir)
        vcpu.domain->vgic().deactivate(vcpu.id,
                                       Intid{static_cast<std::uint32_t>(access.value) & 0x3ff});
    return MmioResult::done;
}

MmioResult access_vpl011(domain::Domain& domain, MmioAccess& access)
{
    const auto offset = access.address - domain.places().vpl011.start;
    domain.watch().sign_of_life();
    if (access.write)
        domain.vpl011()->write(offset, access.size, access.value);
    else
        access.value = domain.vpl011()->read(offset, access.size);
    return MmioResult::done;
}

} // namespace

MmioResult access_mmio(RunningVcpu& running, MmioAccess& access)
{
    auto& vcpu = vcpu_of(running);
    auto& domain = *vcpu.domain;
    const auto& places = domain.places();
    if (is_in(access.address, places.distributor))
        return access_distributor(vcpu, access, access.address - places.distributor.start);
    if (is_in(access.address, places.cpus))
        return domain.gic_version() == device::GicVersion::v3 ? access_redistributor(vcpu, access)
                                                              : access_deactivation(vcpu, access);
    if (is_in(access.address, places.vpl011) && domain.vpl011() != nullptr)
        return access_vpl011(domain, access);
    if (!domain.ignores_unmapped()) return MmioResult::abort;
    domain.watch().sign_of_life();
    access.value = bits(access.size * 8 - 1, 0);
    return MmioResult::done;
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
    vcpu.domain->vgic().deactivate(vcpu.id, intid);
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

void maintenance_interrupt(RunningVcpu& running)
{
    auto& vcpu = vcpu_of(running);
    vcpu.domain->vgic().flush(vcpu.id);
}

} // namespace bulkhead::upcall
