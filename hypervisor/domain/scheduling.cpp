// What sched/run_loop.hpp asks of the room that units belong to.

#include "domain/domain.hpp"
#include "sched/run_loop.hpp"

#include <algorithm>

namespace bulkhead::sched {
namespace {

domain::Vcpu& vcpu_of(Unit& unit) { return static_cast<domain::Vcpu&>(unit); }
device::Vgic& vgic_of(Unit& unit) { return vcpu_of(unit).domain->vgic(); }

} // namespace

void refresh_interrupts(Unit& unit) { vgic_of(unit).refresh(vcpu_of(unit).id); }
bool has_interrupt(Unit& unit) { return vgic_of(unit).has_deliverable(vcpu_of(unit).id); }
machine::GuestState& guest_state(Unit& unit) { return vcpu_of(unit).registers; }
void entered(Unit& unit)
{
    const auto& vcpu = vcpu_of(unit);
    vcpu.domain->vgic().load(vcpu.id);
    if (vcpu.id == VcpuId{0}) vcpu.domain->watch().follow();
}
void has_cpu(Unit& unit)
{
    auto& vcpu = vcpu_of(unit);
    if (vcpu.wants_run_state.load(std::memory_order_relaxed)) vcpu.tell_run_state();
}
void leaving(Unit& unit) { vgic_of(unit).save(vcpu_of(unit).id); }
void went_down(Unit& unit) { vcpu_of(unit).domain->vcpu_went_down(); }
bool work(Unit& unit) { return vcpu_of(unit).domain->build_anew(); }

Ticks timer_deadline(Unit& unit)
{
    const auto& vcpu = vcpu_of(unit);
    auto first = machine::never;
    for (const unsigned timer : {0U, 1U})
        if (vcpu.domain->vgic().can_timer_signal(vcpu.id, timer))
            first = std::min(first, machine::timer_deadline(vcpu.registers, timer));
    return first;
}

} // namespace bulkhead::sched
