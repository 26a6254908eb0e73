// What sched/run_loop.hpp asks of the room that units belong to.

#include "domain/domain.hpp"
#include "sched/run_loop.hpp"

namespace bulkhead::sched {
namespace {

domain::Vcpu& vcpu_of(Unit& unit) { return static_cast<domain::Vcpu&>(unit); }
device::Vgic& vgic_of(Unit& unit) { return vcpu_of(unit).domain->vgic(); }

} // namespace

void refresh_interrupts(Unit& unit) { vgic_of(unit).flush(vcpu_of(unit).id); }
bool has_interrupt(Unit& unit) { return vgic_of(unit).has_deliverable(vcpu_of(unit).id); }
machine::GuestState& guest_state(Unit& unit) { return vcpu_of(unit).registers; }
void entered(Unit& unit)
{
    const auto& vcpu = vcpu_of(unit);
    vcpu.domain->vgic().load(vcpu.id);
    if (vcpu.id == VcpuId{0}) vcpu.domain->watch().set_alarm();
}
void leaving(Unit& unit) { vgic_of(unit).save(vcpu_of(unit).id); }
void went_down(Unit& unit) { vcpu_of(unit).domain->vcpu_went_down(); }

} // namespace bulkhead::sched
