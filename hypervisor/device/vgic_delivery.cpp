#include "device/vgic_delivery.hpp"

#include "machine/physical_interrupt.hpp"

#include <algorithm>
#include <bit>

/// From a change of an interrupt's state to the vCPU that has to know: any CPU.
namespace bulkhead::device {

bool VgicDelivery::is_deliverable(Interrupt i) const
{
    return (i.bank->pending() & i.bank->enabled & in_enabled_group(*i.bank) & i.mask()) != 0;
}

/// The vCPU that a pending interrupt goes to. Of several possible targets of an SPI it is always
/// the first, which the architecture leaves to the implementation (IHI 0069, 3.3; IHI 0048, 3.2.3).
VcpuId VgicDelivery::target_of(Interrupt i)
{
    if (!i.is_shared()) return i.holder;
    const auto route = shared(i).route[i.position()];
    if (is_v2())
        return route == 0 ? nobody : VcpuId{static_cast<std::uint32_t>(std::countr_zero(route))};
    if (i.is(&Bank::any_target)) {
        const auto awake = std::ranges::find(cpus_, false, &CpuInterface::asleep);
        return awake == cpus_.end() ? VcpuId{0} : awake->id;
    }
    const VcpuId named{(route & 0xf) | (route >> 4 & ~0xfU)};
    return named.value() < configuration_.vcpus && affinity_of(named) == route ? named : nobody;
}

void VgicDelivery::notify(VcpuId vcpu, VcpuId running)
{
    auto& c = cpu(vcpu);
    c.flush_due = true;
    if (c.gathering) return;
    if (vcpu != running) return sched::notify(*c.unit, machine::Attention::interrupts);
    // What is being saved is looked at when it is loaded.
    if (c.loaded) c.unit->want(machine::Attention::interrupts);
}

void VgicDelivery::open(Interrupt i, VcpuId running)
{
    if (i.holder != running) return;
    auto& c = cpu(running);
    if (c.is_timer(i.id)) adopt(c);
    if (i.is(&Bank::resident)) fold_slot(c, c.slot_of(i.id));
}

void VgicDelivery::settle(Interrupt i, VcpuId running)
{
    if (!i.is(&Bank::resident)) return place(i, running);
    auto& c = cpu(i.holder);
    const auto n = c.slot_of(i.id);
    if (i.holder != running) {
        c.changed_slots |= mask_of(n);
        return sched::notify(*c.unit, machine::Attention::interrupts);
    }
    rewrite_slot(c, n);
    // Its list register may be free now, or due to another.
    if (c.crowded) notify(running, running);
}

/// An edge, or a write that sets the pending state.
void VgicDelivery::make_pending(Interrupt i, VcpuId running)
{
    i.set(i.is_resident_elsewhere(running) ? &Bank::again : &Bank::latch);
}

void VgicDelivery::change(Interrupt i, Change what, VcpuId running)
{
    open(i, running);
    switch (what) {
    case Change::set_pending: make_pending(i, running); break;
    case Change::clear_pending:
        // Whatever made it pending, but for a line that is high.
        i.clear(&Bank::latch);
        i.clear(&Bank::again);
        if (!i.is(&Bank::linked)) break;
        if (!i.is(&Bank::active)) i.clear(&Bank::held);
        if (i.is(&Bank::edge) && i.is_of(running)) machine::clear_physical_pending(i.physical());
        break;
    case Change::set_active:
        if (i.is_resident_elsewhere(running)) i.set(&Bank::active_written);
        if (i.is_shared() && !i.is(&Bank::resident) && !i.is(&Bank::active)) {
            unqueue(i);
            const auto target = target_of(i);
            hold(i, target == nobody ? running : target);
        }
        i.set(&Bank::active);
        break;
    case Change::clear_active:
        if (i.is_resident_elsewhere(running)) i.set(&Bank::active_written);
        i.clear(&Bank::active);
        i.clear(&Bank::held);
        break;
    }
    settle(i, running);
}

std::uint32_t VgicDelivery::raise(SharedBank& bank, std::uint32_t which, VcpuId running)
{
    const auto plain = which & ~(bank.resident | bank.active | bank.linked);
    bank.latch |= plain;
    for (const unsigned position : each_bit(plain & bank.enabled & in_enabled_group(bank))) {
        auto i = at(bank, position);
        const auto target = target_of(i);
        if (target == nobody) continue;
        unqueue(i);
        hold(i, target);
        queue(i);
        notify(target, running);
    }
    return which & ~plain;
}

void VgicDelivery::hold(Interrupt& i, VcpuId holder)
{
    i.holder = holder;
    shared(i).holder[i.position()] = static_cast<std::uint8_t>(holder.value());
}

/// Finds the place of an interrupt that is in no list register.
void VgicDelivery::place(Interrupt i, VcpuId running)
{
    unqueue(i);
    if (i.is(&Bank::linked) && i.is_of(running)) release_unwanted(i);

    const bool active = i.is(&Bank::active);
    if (!active && !is_deliverable(i)) return;
    const auto target = active ? i.holder : target_of(i);
    if (target == nobody) return;
    if (target != i.holder) hold(i, target);
    if (target == running && load_directly(cpu(target), i)) return;
    queue(i);
    notify(target, running);
}

void VgicDelivery::queue(Interrupt i)
{
    auto& c = cpu(i.holder);
    c.waiting[i.bank->index] |= i.mask();
    c.waiting_banks |= mask_of(i.bank->index);
    c.contested = true;
}

void VgicDelivery::unqueue(Interrupt i)
{
    auto& c = cpu(i.holder);
    auto& word = c.waiting[i.bank->index];
    word &= ~i.mask();
    if (word == 0) c.waiting_banks &= ~mask_of(i.bank->index);
}

/// Gives a physical interrupt back that the guest has no use for, so that its line can signal
/// again. What a level line says while it cannot be signalled is best known by the physical GIC.
void VgicDelivery::release_unwanted(Interrupt i)
{
    const bool can_signal = (i.bank->enabled & in_enabled_group(*i.bank) & i.mask()) != 0;
    const bool pending = i.is(&Bank::edge) ? i.is(&Bank::latch) : can_signal;
    if (!i.is(&Bank::active) && !pending) i.clear(&Bank::held);
    if (i.is(&Bank::held) || !i.is(&Bank::physically_active)) return;
    i.clear(&Bank::physically_active);
    machine::deactivate_physical(i.physical());
}

void VgicDelivery::follow_enables(Bank& bank)
{
    const auto wanted = bank.linked & bank.enabled & in_enabled_group(bank);
    for (const unsigned position : each_bit(wanted & ~bank.physically_enabled))
        machine::enable_physical(Intid{bank.physical[position]});
    for (const unsigned position : each_bit(bank.physically_enabled & ~wanted))
        machine::disable_physical(Intid{bank.physical[position]});
    bank.physically_enabled = wanted;
}

/// A linked SPI arrives at the CPU of the vCPU it is for.
void VgicDelivery::follow_route(Interrupt i)
{
    if (!i.is(&Bank::linked)) return;
    const auto target = target_of(i);
    if (target != nobody) machine::route_physical(i.physical(), cpu(target).unit->placed_on);
}

void VgicDelivery::set_line(Interrupt i, bool high)
{
    if (i.is(&Bank::line) == high) return;
    i.assign(&Bank::line, high);
    if (high && i.is(&Bank::edge)) make_pending(i, nobody);
    settle(i, nobody);
}

void VgicDelivery::physical_arrived(Interrupt i, VcpuId running)
{
    if (i.is_shared() && running != nobody) {
        recall(cpu(running), entry_of(i));
        open(i, running);
        if (lend(cpu(running), i)) return;
    } else {
        open(i, running);
    }
    i.set(&Bank::held);
    i.set(&Bank::physically_active);
    if (i.is_resident_elsewhere(running)) i.set(&Bank::arrived);
    if (i.is(&Bank::edge)) make_pending(i, running);
    settle(i, running);
}

void VgicDelivery::set_route(Interrupt i, std::uint32_t route, bool any, VcpuId running)
{
    open(i, running);
    shared(i).route[i.position()] = route;
    i.assign(&Bank::any_target, any);
    follow_route(i);
    settle(i, running);
}

void VgicDelivery::set_groups(gic::DistributorControl control, VcpuId running)
{
    control_ = control;
    // Its next flush decides, even here: a list register given away now could be one whose
    // interrupt the guest is through with and which only this change lets be pending again.
    for (auto& c : cpus_) {
        c.changed_slots = c.used;
        c.timers_changed = true;
        notify(c.id, running);
    }
    const auto place_all = [&](Bank& bank) {
        for (const unsigned n : each_bit((bank.pending() | bank.held) & ~bank.resident))
            place(at(bank, n), running);
    };
    for (auto& bank : spis_) {
        follow_enables(bank);
        place_all(bank);
    }
    for (auto& c : cpus_)
        place_all(c.own);
}

/// A sleeping vCPU gets no SPI that may go to another; its own reach it all the same, for guests
/// that leave waking to firmware which they do not have.
void VgicDelivery::set_asleep(CpuInterface& c, bool asleep, VcpuId running)
{
    if (c.asleep == asleep) return;
    c.asleep = asleep;
    for (auto& bank : spis_)
        for (const unsigned position : each_bit(bank.any_target)) {
            const auto i = at(bank, position);
            set_route(i, shared(i).route[position], true, running);
        }
}

bool VgicDelivery::reclaim(SharedBank& bank, std::uint32_t which, VcpuId running)
{
    for (const unsigned position : each_bit(bank.lent & which)) {
        const auto i = at(bank, position);
        auto& c = cpu(i.holder);
        if (i.holder == running) {
            recall(c, entry_of(i));
        } else {
            c.recalled = true;
            notify(i.holder, running);
        }
    }
    return (bank.lent & which) == 0;
}

bool VgicDelivery::reclaim_all(VcpuId running)
{
    bool all = true;
    for (auto& bank : spis_)
        all &= reclaim(bank, ~0U, running);
    return all;
}

bool VgicDelivery::is_known(Bank& bank, VcpuId running)
{
    auto& c = cpu(running);
    if (bank.index != 0 || bank.is_private_of(running)) fold_all(c);
    bool known = true;
    const auto asked_at = c.asked_at == 0 ? request_clock_ + 1 : c.asked_at;
    // Another vCPU's timer may be in its list register without memory's knowing.
    const auto timers =
        bank.index == 0 && cpu(VcpuId{bank.owner}).loaded ? cpu(VcpuId{bank.owner}).timer_mask : 0;
    for (const unsigned position : each_bit(bank.resident | bank.lent | timers)) {
        const auto holder = at(bank, position).holder;
        if (holder == running || cpu(holder).folded_at >= asked_at) continue;
        known = false;
        notify(holder, running);
    }
    if (!known) request_clock_ = std::max(request_clock_, asked_at);
    c.asked_at = known ? 0 : asked_at;
    return known;
}

} // namespace bulkhead::device
