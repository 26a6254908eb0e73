#include "device/vgic.hpp"
#include "machine/physical_interrupt.hpp"

/// From a change of an interrupt's state to the vCPU that has to know: any CPU.
namespace bulkhead::device {

bool Vgic::is_v2_sgi(Interrupt i) const
{
    return configuration_.version == GicVersion::v2 && i.is_sgi();
}

std::uint32_t Vgic::in_enabled_group(const Bank& bank) const
{
    const auto group0 = control_.get(gic::DistributorControl::enable_group0) ? ~bank.group1 : 0;
    const auto group1 = control_.get(gic::DistributorControl::enable_group1) ? bank.group1 : 0;
    return group0 | group1;
}

bool Vgic::is_deliverable(Interrupt i) const
{
    return (i.bank->pending() & i.bank->enabled & in_enabled_group(*i.bank) & i.mask()) != 0;
}

std::uint32_t Vgic::waiting_private(const CpuInterface& c) const
{
    const auto& b = c.own;
    return ((b.pending() & b.enabled & in_enabled_group(b)) | b.active) & ~b.resident;
}

bool Vgic::has_waiting(const CpuInterface& c) const
{
    return c.waiting_banks != 0 || waiting_private(c) != 0;
}

/// The vCPU that a pending interrupt goes to. Of several possible targets of an SPI it is always
/// the first, which the architecture leaves to the implementation (IHI 0069, 3.3; IHI 0048, 3.2.3).
VcpuId Vgic::target_of(Interrupt i)
{
    if (!i.is_shared()) return i.holder;
    const auto route = shared(i).route[i.position()];
    if (configuration_.version == GicVersion::v2)
        return route == 0 ? nobody : VcpuId{static_cast<std::uint32_t>(std::countr_zero(route))};
    if (i.is(&Bank::any_target)) {
        for (const auto& c : cpus_)
            if (!c.asleep) return c.id;
        return VcpuId{0};
    }
    const VcpuId named{(route & 0xf) | (route >> 4 & ~0xfU)};
    return named.value() < configuration_.vcpus && affinity_of(named) == route ? named : nobody;
}

void Vgic::notify(VcpuId vcpu, VcpuId running)
{
    auto& unit = *cpu(vcpu).unit;
    if (vcpu == running)
        unit.want(machine::Attention::interrupts);
    else
        sched::notify(unit, machine::Attention::interrupts);
}

/// Before a change: memory says what is, as far as this CPU can know.
void Vgic::open(Interrupt i, VcpuId running)
{
    if (i.holder != running) return;
    auto& c = cpu(running);
    if (c.is_timer(i.id)) adopt_timers(c);
    if (i.is(&Bank::resident)) fold_slot(c, c.slot_of(i.id));
}

/// After a change: the list registers, or the vCPU that holds them, learn of it.
void Vgic::settle(Interrupt i, VcpuId running)
{
    if (!i.is(&Bank::resident)) return place(i, running);
    auto& c = cpu(i.holder);
    const auto n = c.slot_of(i.id);
    if (i.holder != running) {
        c.changed_slots |= std::uint32_t{1} << n;
        return notify(i.holder, running);
    }
    rewrite_slot(c, n);
    // Its list register may be free now, or due to another.
    if (c.crowded) notify(running, running);
}

/// An edge, or a write that sets the pending state; opened before, settled after.
void Vgic::make_pending(Interrupt& i, VcpuId running)
{
    if (i.is(&Bank::resident) && i.holder != running)
        i.set(&Bank::again);
    else
        i.set(&Bank::latch);
}

/// Forgets what made it pending, but for a line that is high.
void Vgic::end_pending(Interrupt& i, VcpuId running)
{
    i.clear(&Bank::latch);
    i.clear(&Bank::again);
    if (!i.is(&Bank::linked)) return;
    if (!i.is(&Bank::active)) i.clear(&Bank::held);
    if (i.is(&Bank::edge) && i.is_of(running)) machine::clear_physical_pending(i.physical());
}

void Vgic::make_active(Interrupt& i, VcpuId running)
{
    const bool resident = i.is(&Bank::resident);
    if (i.is_shared() && !resident && !i.is(&Bank::active)) {
        unqueue(i);
        const auto target = target_of(i);
        hold(i, target == nobody ? running : target);
    }
    i.set(&Bank::active);
    if (resident && i.holder != running) i.set(&Bank::active_written);
}

void Vgic::end_active(Interrupt& i, VcpuId running)
{
    i.clear(&Bank::active);
    i.clear(&Bank::held);
    if (i.is(&Bank::resident) && i.holder != running) i.set(&Bank::active_written);
}

void Vgic::hold(Interrupt& i, VcpuId holder)
{
    i.holder = holder;
    shared(i).holder[i.position()] = static_cast<std::uint8_t>(holder.value());
}

/// Finds the place of an interrupt that is in no list register.
void Vgic::place(Interrupt i, VcpuId running)
{
    if (i.is_shared()) unqueue(i);
    if (i.is(&Bank::linked) && i.is_of(running)) release_unwanted(i);

    const bool active = i.is(&Bank::active);
    if (!active && !is_deliverable(i)) return;
    const auto target = active ? i.holder : target_of(i);
    if (target == nobody) return;
    if (i.is_shared()) hold(i, target);
    if (target == running && load_directly(cpu(target), i)) return;
    if (i.is_shared()) queue(i);
    notify(target, running);
}

void Vgic::queue(Interrupt i)
{
    auto& c = cpu(i.holder);
    const auto word = i.id.value() / interrupts_per_bank - 1;
    c.waiting[word] |= i.mask();
    c.waiting_banks |= std::uint32_t{1} << word;
}

void Vgic::unqueue(Interrupt i)
{
    auto& c = cpu(i.holder);
    const auto word = i.id.value() / interrupts_per_bank - 1;
    c.waiting[word] &= ~i.mask();
    if (c.waiting[word] == 0) c.waiting_banks &= ~(std::uint32_t{1} << word);
}

/// Gives a physical interrupt back that the guest has no use for, so that its line can signal
/// again. What a level line says while it cannot be signalled is best known by the physical GIC.
void Vgic::release_unwanted(Interrupt i)
{
    const bool can_signal = (i.bank->enabled & in_enabled_group(*i.bank) & i.mask()) != 0;
    const bool pending = i.is(&Bank::edge) ? i.is(&Bank::latch) : can_signal;
    if (!i.is(&Bank::active) && !pending) i.clear(&Bank::held);
    if (i.is(&Bank::held) || !i.is(&Bank::physically_active)) return;
    i.clear(&Bank::physically_active);
    machine::deactivate_physical(i.physical());
}

/// Linked interrupts are enabled at the physical GIC while they could be signalled to the guest.
void Vgic::follow_enables(Bank& bank)
{
    const auto wanted = bank.linked & bank.enabled & in_enabled_group(bank);
    for (const unsigned position : each_bit(wanted ^ bank.physically_enabled)) {
        const Intid physical{bank.physical[position]};
        if ((wanted >> position & 1) != 0)
            machine::enable_physical(physical);
        else
            machine::disable_physical(physical);
    }
    bank.physically_enabled = wanted;
}

/// A linked SPI arrives at the CPU of the vCPU it is for.
void Vgic::follow_route(Interrupt i)
{
    if (!i.is(&Bank::linked)) return;
    const auto target = target_of(i);
    if (target != nobody) machine::route_physical(i.physical(), cpu(target).unit->placed_on);
}

void Vgic::change_line(Interrupt& i, bool high)
{
    if (i.is(&Bank::line) == high) return;
    i.assign(&Bank::line, high);
    if (!i.is(&Bank::edge)) return settle(i, nobody);
    if (!high) return;
    make_pending(i, nobody);
    settle(i, nobody);
}

void Vgic::set_line(Intid spi, bool high)
{
    const Guard guard{lock_};
    auto i = at(nobody, spi);
    change_line(i, high);
}

void Vgic::set_private_line(VcpuId vcpu, Intid ppi, bool high)
{
    const Guard guard{lock_};
    auto i = at(vcpu, ppi);
    change_line(i, high);
}

void Vgic::pulse(Intid spi)
{
    const Guard guard{lock_};
    auto i = at(nobody, spi);
    make_pending(i, nobody);
    settle(i, nobody);
}

void Vgic::pulse_private(VcpuId vcpu, Intid ppi)
{
    const Guard guard{lock_};
    auto i = at(vcpu, ppi);
    make_pending(i, nobody);
    settle(i, nobody);
}

void Vgic::physical_arrived(VcpuId running, Intid virtual_intid)
{
    const Guard guard{lock_};
    auto i = at(running, virtual_intid);
    open(i, running);
    i.set(&Bank::held);
    i.set(&Bank::physically_active);
    if (i.is(&Bank::resident) && i.holder != running) i.set(&Bank::arrived);
    if (i.is(&Bank::edge)) make_pending(i, running);
    settle(i, running);
    if (!i.is_shared()) refresh_timers(cpu(running));
}

void Vgic::deactivate(VcpuId running, Intid intid)
{
    const Guard guard{lock_};
    if (!exists(intid)) return;
    auto i = at(running, intid);
    open(i, running);
    end_active(i, running);
    settle(i, running);
    if (!i.is_shared()) refresh_timers(cpu(running));
}

} // namespace bulkhead::device
