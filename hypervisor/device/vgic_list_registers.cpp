#include "device/vgic_delivery.hpp"
#include "machine/physical_interrupt.hpp"

#include <algorithm>
#include <bit>

/// The list registers of the vCPU that this CPU runs: folding them into memory, and filling them.
namespace bulkhead::device {
namespace {

using Lr = machine::ListRegister;
using State = Lr::State;

bool is_pending_state(Lr lr) { return (static_cast<unsigned>(lr.get(Lr::state)) & 1) != 0; }
bool is_active_state(Lr lr) { return (static_cast<unsigned>(lr.get(Lr::state)) & 2) != 0; }

Lr as_finished(Lr lr) { return lr.with(Lr::state, State::invalid); }
/// Neither a physical interrupt nor another look at its end comes with it.
bool is_plain(Lr lr) { return !lr.get(Lr::hardware) && !lr.get(Lr::eoi); }

/// GICv2: whose SGI a list register shows, one sender at a time.
std::uint8_t sender_to_show(const CpuInterface& c, Interrupt sgi)
{
    const auto sources = c.sgi_sources[sgi.id.value()];
    if (sgi.is(&Bank::active) || sources == 0) return c.sgi_active_source[sgi.id.value()];
    return static_cast<std::uint8_t>(std::countr_zero(sources));
}

/// The physical interrupt does not signal until the guest has finished this one.
void hold_physical(Interrupt i)
{
    i.set(&Bank::held);
    if (i.is(&Bank::physically_active)) return;
    i.set(&Bank::physically_active);
    machine::activate_physical(i.physical());
}

} // namespace

void VgicDelivery::adopt(CpuInterface& c)
{
    for (const unsigned n : each_bit(all_slots() & ~c.used & ~machine::empty_list_registers())) {
        const Intid id = machine::read_list_register(n).get(Lr::vintid);
        const auto i = at(c.id, id);
        c.used |= mask_of(n);
        c.pending_slots |= mask_of(n);
        c.slot[n] = static_cast<std::uint16_t>(id.value());
        c.changed_slots |= mask_of(n);
        i.set(&Bank::resident);
        i.set(&Bank::held);
        i.set(&Bank::physically_active);
        if (i.is(&Bank::lent)) {
            c.unit->open_list_registers &= ~mask_of(n);
            c.unit->device_list_register[entry_of(i)] = {};
            i.clear(&Bank::lent);
            i.assign(&Bank::latch, i.is(&Bank::edge));
            continue;
        }
        // What another vCPU has written meanwhile is folded like what is written from now on.
        if (((c.own.latch | c.own.active) & i.mask()) != 0) {
            unqueue(i);
            i.assign(&Bank::again, i.is(&Bank::latch));
            i.assign(&Bank::active_written, i.is(&Bank::active));
            i.clear(&Bank::latch);
        }
    }
}

/// The guest acknowledged what list register `n` had pending.
void VgicDelivery::consume(CpuInterface& c, Interrupt i, unsigned n)
{
    if (is_v2_sgi(i)) {
        auto& sources = c.sgi_sources[i.id.value()];
        sources = static_cast<std::uint8_t>(sources & ~(1U << c.slot_source(n)));
        i.assign(&Bank::latch, sources != 0);
        c.sgi_active_source[i.id.value()] = c.slot_source(n);
    } else {
        i.clear(&Bank::latch);
    }
}

/// What the list register says of the physical interrupt. `held` was cleared meanwhile if the guest
/// took the pending or active state away.
void VgicDelivery::fold_link(Interrupt i, Lr lr)
{
    if (lr.get(Lr::hardware)) {
        const bool valid = lr.get(Lr::state) != State::invalid || i.is(&Bank::arrived);
        i.assign(&Bank::physically_active, valid);
        if (!valid) i.clear(&Bank::held);
    } else if (!i.is(&Bank::active)) {
        i.clear(&Bank::held);
    }
}

/// It became pending at other CPUs while it was in list register `n`.
void VgicDelivery::fold_again(CpuInterface& c, Interrupt i, unsigned n)
{
    i.clear(&Bank::again);
    i.set(&Bank::latch);
    if (!is_v2_sgi(i)) return;
    auto& sources = c.sgi_sources[i.id.value()];
    sources = static_cast<std::uint8_t>(sources | 1U << c.slot_source(n));
}

/// Brings memory up to date with list register `n`, which keeps its contents unless the guest is
/// through with it; doing so again changes nothing.
void VgicDelivery::fold_slot(CpuInterface& c, unsigned n)
{
    const auto lr = machine::read_list_register(n);
    const auto mask = mask_of(n);
    const bool changed = (c.changed_slots & mask) != 0;
    if (lr == c.written[n] && !changed) return;
    const auto i = at(c.id, c.slot_id(n));
    const bool was_pending = (c.pending_slots & mask) != 0;
    if (!changed && is_plain(lr) && lr == as_finished(c.written[n])) {
        if (was_pending) consume(c, i, n);
        i.clear(&Bank::active);
        return forget_slot(c, n, i);
    }

    c.changed_slots |= mask;
    if (was_pending && !is_pending_state(lr)) {
        consume(c, i, n);
        c.pending_slots &= ~mask;
    } else if (!was_pending && is_pending_state(lr)) {
        // The guest finished it, and the interrupt path refilled it: a timer.
        i.set(&Bank::held);
        c.pending_slots |= mask;
    }
    if (!i.is(&Bank::active_written)) i.assign(&Bank::active, is_active_state(lr));
    if (i.is(&Bank::linked)) fold_link(i, lr);
    if (i.is(&Bank::again)) fold_again(c, i, n);
}

/// What a list register has to hold for interrupt `i` of this vCPU.
Lr VgicDelivery::compose(const CpuInterface& c, Interrupt i, std::uint8_t source)
{
    const bool active = i.is(&Bank::active);
    const bool wanted = is_deliverable(i);
    const auto lr = pending_form(i);
    // Hardware-linked, it cannot be both (IHI 0069, 12.4.9): then EL2 deactivates the physical
    // interrupt after its end.
    if (i.is(&Bank::held) && !(active && wanted))
        return lr.with(Lr::hardware, true)
            .with(Lr::pintid, i.physical())
            .with(Lr::state, active ? State::active : State::pending);

    // A line that may drop again, and what is for another vCPU or from another sender, stays behind
    // while this one is active, and so does all while others wait that may be more urgent; its end
    // of interrupt is when to look again.
    bool alone = !c.crowded && !i.has_level_line() && !i.is(&Bank::held) && target_of(i) == c.id;
    bool look_again = i.has_level_line() || i.is(&Bank::held);
    if (is_v2_sgi(i)) {
        const auto sources = c.sgi_sources[i.id.value()];
        alone = false;
        look_again = !active && (sources & ~(1U << source)) != 0;
    }
    const auto state = !active           ? State::pending
                       : wanted && alone ? State::pending_active
                                         : State::active;
    look_again |= wanted && state == State::active;
    return lr.with(Lr::source, source).with(Lr::eoi, look_again).with(Lr::state, state);
}

/// After a fold: list register `n` gets what memory says, or the interrupt moves on.
void VgicDelivery::rewrite_slot(CpuInterface& c, unsigned n)
{
    const auto i = at(c.id, c.slot_id(n));
    i.clear(&Bank::arrived);
    i.clear(&Bank::active_written);
    c.contested = true;
    const bool wanted = is_deliverable(i);
    if (i.is(&Bank::active) || (wanted && target_of(i) == c.id)) return write_slot(c, n, i);
    drop_slot(c, n, i);
    if (wanted || i.is(&Bank::linked)) place(i, c.id);
}

void VgicDelivery::write_slot(CpuInterface& c, unsigned n, Interrupt i)
{
    const auto special = (i.bank->linked | i.bank->active | i.bank->line) & i.mask();
    std::uint8_t source = 0;
    auto lr = pending_form(i);
    if (special != 0 || is_v2_sgi(i)) {
        if (i.is(&Bank::linked)) hold_physical(i);
        if (is_v2_sgi(i)) source = sender_to_show(c, i);
        lr = compose(c, i, source);
    }
    machine::write_list_register(n, lr);

    const auto mask = mask_of(n);
    c.written[n] = lr;
    c.used |= mask;
    c.changed_slots &= ~mask;
    c.pending_slots = is_pending_state(lr) ? c.pending_slots | mask : c.pending_slots & ~mask;
    c.slot[n] = static_cast<std::uint16_t>(i.id.value() | std::uint32_t{source} << 10);
    i.set(&Bank::resident);
    c.unit->open_list_registers &= ~mask;
    if (n >= most_timers && !c.is_timer(i.id)) return;
    c.timers_changed = true;
    if (n < most_timers && c.timer[n] != i.id) c.unit->timer_list_register[n] = 0;
}

void VgicDelivery::forget_slot(CpuInterface& c, unsigned n, Interrupt i)
{
    const auto mask = mask_of(n);
    c.used &= ~mask;
    c.pending_slots &= ~mask;
    i.clear(&Bank::resident);
    if (n < most_timers || c.is_timer(i.id)) c.timers_changed = true;
}

/// Empties a list register whose interrupt memory knows all about.
void VgicDelivery::drop_slot(CpuInterface& c, unsigned n, Interrupt i)
{
    forget_slot(c, n, i);
    machine::write_list_register(n, Lr{});
}

/// The list register to use for `id`, of those that are free. A timer's own is its first choice
/// and everybody else's last.
unsigned VgicDelivery::choose_slot(const CpuInterface& c, Intid id, std::uint32_t free)
{
    if (c.is_timer(id)) {
        const unsigned t = c.timer[0] == id ? 0 : 1;
        if ((free >> t & 1) != 0) return t;
    }
    return static_cast<unsigned>(std::bit_width(free)) - 1;
}

/// The short way for an interrupt of the running vCPU, when no other waits for one. Otherwise, or
/// when there is no free list register, the next flush decides.
bool VgicDelivery::load_directly(CpuInterface& c, Interrupt i)
{
    if (!c.loaded || c.crowded || c.gathering || c.unit->wants(machine::Attention::interrupts))
        return false;
    const auto empty = machine::empty_list_registers() & all_slots();
    if (empty == 0) return false;
    const auto n = choose_slot(c, i.id, empty);
    if ((c.used >> n & 1) != 0) {
        fold_slot(c, n);
        if ((c.used >> n & 1) != 0) return false;
    }
    write_slot(c, n, i);
    return true;
}

/// Lets the interrupt path deliver a timer's interrupt by itself, while that needs no decision: of
/// more than fit, one that the guest cannot take yet must not pass for the one pending that is in.
void VgicDelivery::refresh_timers(CpuInterface& c)
{
    c.timers_changed = false;
    const auto& b = c.own;
    // Software's pending state ends with an acknowledge that must not be overlooked.
    auto signalled = b.linked & b.enabled & in_enabled_group(b) & ~b.latch;
    if (!c.loaded || c.crowded) signalled = 0;
    const auto elsewhere = b.resident | b.active | b.held;
    for (unsigned t = 0; t < most_timers && t < list_registers_; ++t) {
        const auto id = c.timer[t];
        const auto mask = mask_of(id.value());
        const bool free = (c.used >> t & 1) != 0 ? c.slot_id(t) == id : (elsewhere & mask) == 0;
        auto& form = c.unit->timer_list_register[t];
        form = 0;
        if ((signalled & mask) == 0 || !free) continue;
        const auto i = at(c.own, id.value());
        form = machine::native_list_register(
            pending_form(i).with(Lr::hardware, true).with(Lr::pintid, i.physical()));
    }
}

/// For the interrupt path: those with nothing in them as far as memory knows, less those that the
/// timers have for themselves; none while others wait that may be more urgent.
std::uint32_t VgicDelivery::open_list_registers(const CpuInterface& c) const
{
    const auto timers = c.timer_mask != 0 ? mask_of(most_timers) - 1 : 0;
    return c.crowded ? 0 : all_slots() & ~c.used & ~timers;
}

/// A device's interrupt arrived on the CPU of the vCPU that it is for, and nothing else is to be
/// said of it: it goes into a list register as the interrupt path will do it from now on.
bool VgicDelivery::lend(CpuInterface& c, Interrupt i)
{
    const auto& b = *i.bank;
    const auto known =
        b.latch | b.active | b.held | b.lent | b.again | b.arrived | b.active_written;
    if ((b.enabled & in_enabled_group(b) & ~known & i.mask()) == 0 || target_of(i) != c.id ||
        i.is_resident_elsewhere(c.id))
        return false;
    // The guest is through with it.
    if (i.is(&Bank::resident)) drop_slot(c, c.slot_of(i.id), i);
    c.unit->open_list_registers = open_list_registers(c);
    const auto open = c.unit->open_list_registers & machine::empty_list_registers();
    if (open == 0 || c.unit->wants(machine::Attention::interrupts)) return false;
    hold(i, c.id);
    i.set(&Bank::lent);
    c.device[entry_of(i)] = i.id;
    const auto lr = pending_form(i).with(Lr::hardware, true).with(Lr::pintid, i.physical());
    c.unit->device_list_register[entry_of(i)] = lr;
    machine::write_list_register(static_cast<unsigned>(std::bit_width(open)) - 1, lr);
    return true;
}

void VgicDelivery::recall(CpuInterface& c, unsigned entry)
{
    auto& ready = c.unit->device_list_register[entry];
    if (ready == Lr{}) return;
    adopt(c);
    if (ready == Lr{}) return;
    ready = {};
    at(c.id, c.device[entry]).clear(&Bank::lent);
}

void VgicDelivery::recall_all(CpuInterface& c)
{
    c.recalled = false;
    for (unsigned entry = 0; entry < c.device.size(); ++entry)
        recall(c, entry);
}

void VgicDelivery::fold_all(CpuInterface& c)
{
    adopt(c);
    for (const unsigned n : each_bit(c.used))
        fold_slot(c, n);
}

} // namespace bulkhead::device
