#include "device/vgic.hpp"
#include "sched/run_loop.hpp"

/// Software generated interrupts.
namespace bulkhead::device {

bool VgicDelivery::repeat(CpuInterface& c, Intid sgi, unsigned n)
{
    using Lr = machine::ListRegister;
    const auto i = at(c.own, sgi.value());
    const auto source = c.slot_source(n);
    const auto lr = pending_form(i).with(Lr::source, source);
    const auto can_signal = c.own.enabled & in_enabled_group(c.own) & ~c.own.active_written;
    if ((can_signal & i.mask()) == 0 || c.crowded ||
        machine::read_list_register(n) != lr.with(Lr::state, Lr::State::invalid))
        return false;
    if (is_v2()) {
        auto& sources = c.sgi_sources[sgi.value()];
        const auto only = static_cast<std::uint8_t>(mask_of(source));
        if ((sources & ~only) != 0) return false;
        sources = only;
    }
    machine::write_list_register(n, lr);
    c.written[n] = lr;
    c.pending_slots |= mask_of(n);
    c.changed_slots &= ~mask_of(n);
    i.clear(&Bank::again);
    i.clear(&Bank::active);
    i.set(&Bank::latch);
    return true;
}

void VgicDelivery::refresh(CpuInterface& c)
{
    if (c.flush_due || c.crowded) return flush(c);
    for (const unsigned n : each_bit(c.used & c.changed_slots)) {
        const auto id = c.slot_id(n);
        if (id.value() < first_ppi && at(c.own, id.value()).is(&Bank::again) && repeat(c, id, n))
            continue;
        fold_slot(c, n);
        rewrite_slot(c, n);
    }
    if (c.timers_changed) refresh_timers(c);
}

namespace {

bool belongs_to_group1(const CpuInterface& c, Intid sgi)
{
    return (c.own.group1 >> sgi.value() & 1) != 0;
}

} // namespace

void Vgic::raise_sgi(VcpuId to, Intid sgi, VcpuId from)
{
    auto& c = delivery_.cpu(to);
    const auto i = delivery_.at(c.own, sgi.value());
    const auto source = static_cast<std::uint8_t>(is_v2() ? from.value() : 0);
    if (i.is(&Bank::resident)) [[likely]] {
        const auto n = c.slot_of(sgi);
        // The list register may have been acknowledged already: it is that vCPU's to say.
        if (c.slot_source(n) == source && to != from) {
            i.set(&Bank::again);
            c.changed_slots |= mask_of(n);
            return sched::notify(*c.unit, machine::Attention::interrupts);
        }
        if (c.slot_source(n) == source && delivery_.repeat(c, sgi, n)) return;
    }
    raise_another_sgi(i, source, from);
}

/// In no list register, or not as it is there.
void Vgic::raise_another_sgi(Interrupt i, std::uint8_t source, VcpuId from)
{
    if (!is_v2()) return delivery_.change(i, VgicDelivery::Change::set_pending, from);
    delivery_.open(i, from);
    delivery_.cpu(i.holder).sgi_sources[i.id.value()] |= static_cast<std::uint8_t>(1U << source);
    i.set(&Bank::latch);
    delivery_.settle(i, from);
}

void Vgic::send_sgi(VcpuId from, gic::SgiRequest request, bool any_group)
{
    using R = gic::SgiRequest;
    const Guard guard{lock_};
    const Intid sgi{request.get(R::intid)};
    if (request.get(R::all_but_self)) {
        for (const auto& c : delivery_.cpus())
            if (c.id != from && (any_group || !belongs_to_group1(c, sgi)))
                raise_sgi(c.id, sgi, from);
        return;
    }
    // GICD_TYPER.RSS = 0: there are 16 values of Aff0, and other ranges hold nobody.
    if (request.get(R::range) != 0 || request.get(R::aff2) != 0 || request.get(R::aff3) != 0)
        return;
    const auto cluster = request.get(R::aff1) << 4;
    for (const unsigned n : each_bit(request.get(R::target_list))) {
        const VcpuId to{cluster + n};
        if (to.value() >= configuration_.vcpus) return;
        if (any_group || !belongs_to_group1(delivery_.cpu(to), sgi)) raise_sgi(to, sgi, from);
    }
}

void Vgic::write_sgir(VcpuId by, gic::SoftwareGenerated request)
{
    using R = gic::SoftwareGenerated;
    const auto all = all_vcpus();
    const auto self = static_cast<std::uint8_t>(1U << by.value());
    std::uint8_t targets = 0;
    switch (request.get(R::filter)) {
    case R::Filter::listed: targets = request.get(R::target_list) & all; break;
    case R::Filter::all_but_self: targets = all & static_cast<std::uint8_t>(~self); break;
    case R::Filter::only_self: targets = self; break;
    }
    const Intid sgi{request.get(R::intid)};
    for (const unsigned to : each_bit(targets))
        raise_sgi(VcpuId{to}, sgi, by);
}

/// GICD_SPENDSGIR<n> and GICD_CPENDSGIR<n>: a byte per SGI, a bit per sender.
void Vgic::change_sgi_sources(VcpuId by, Intid sgi, std::uint8_t senders, bool pending)
{
    const auto i = delivery_.at(by, sgi);
    delivery_.open(i, by);
    auto& sources = delivery_.cpu(by).sgi_sources[sgi.value()];
    senders &= all_vcpus();
    sources = static_cast<std::uint8_t>(pending ? sources | senders : sources & ~senders);
    i.assign(&Bank::latch, sources != 0);
    delivery_.settle(i, by);
}

} // namespace bulkhead::device
