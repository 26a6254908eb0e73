#include "device/vgic.hpp"
#include "machine/physical_interrupt.hpp"

#include <algorithm>

/// The registers with a bit, two bits or a byte per interrupt (IHI 0069, 12.9 and 12.11). They have
/// the same offsets in the distributor and in a redistributor's second frame, which has the first
/// bank only; a GICv2's distributor has the calling vCPU's private interrupts as its first.
namespace bulkhead::device {
namespace {

/// The odd bits of an ICFGR as the lower half of a word.
constexpr std::uint32_t gather_odd(std::uint32_t v)
{
    v = v >> 1 & 0x5555'5555;
    v = (v | v >> 1) & 0x3333'3333;
    v = (v | v >> 2) & 0x0f0f'0f0f;
    v = (v | v >> 4) & 0x00ff'00ff;
    return (v | v >> 8) & 0x0000'ffff;
}
constexpr std::uint32_t spread_odd(std::uint32_t v)
{
    v &= 0xffff;
    v = (v | v << 8) & 0x00ff'00ff;
    v = (v | v << 4) & 0x0f0f'0f0f;
    v = (v | v << 2) & 0x3333'3333;
    v = (v | v << 1) & 0x5555'5555;
    return v << 1;
}
static_assert(spread_odd(0xffff) == 0xaaaa'aaaa && gather_odd(0xaaaa'aaaa) == 0xffff);
static_assert(gather_odd(spread_odd(0x1234)) == 0x1234);

// Offsets of the groups of registers, in units of 128 bytes.
enum Group : unsigned {
    igroupr = 0x080 >> 7,
    isenabler = 0x100 >> 7,
    icenabler = 0x180 >> 7,
    ispendr = 0x200 >> 7,
    icpendr = 0x280 >> 7,
    isactiver = 0x300 >> 7,
    icactiver = 0x380 >> 7,
    ipriorityr = 0x400 >> 7,
    itargetsr = 0x800 >> 7,
    icfgr = 0xc00 >> 7,
    past_icfgr = 0xd00 >> 7,
    sgir = 0xf00 >> 7,
};
constexpr std::uint64_t sgir_offset = 0xf00;
constexpr std::uint64_t cpendsgir_offset = 0xf10;
constexpr std::uint64_t spendsgir_offset = 0xf20;
constexpr std::uint64_t spendsgir_end = 0xf30;

constexpr std::uint8_t byte_of(std::uint64_t value, unsigned n)
{
    return static_cast<std::uint8_t>(value >> (8 * n));
}

} // namespace

Bank* Vgic::visible_bank(Scope scope, VcpuId of, unsigned index)
{
    const bool has_private =
        scope == Scope::redistributor || configuration_.version == GicVersion::v2;
    if (index == 0) return has_private ? &cpu(of).own : nullptr;
    if (scope == Scope::redistributor || index >= bank_count()) return nullptr;
    return &spis_[index - 1];
}

/// Does memory know the pending and active states of a bank? Else those who do were asked.
bool Vgic::is_known(const Bank& bank, unsigned index, VcpuId of, VcpuId by)
{
    auto& c = cpu(by);
    if (index != 0 || of == by) fold_all(c);
    bool known = true;
    const auto asked_at = c.asked_at == 0 ? request_clock_ + 1 : c.asked_at;
    for (const unsigned position : each_bit(bank.resident)) {
        const auto holder = at(of, Intid{index * interrupts_per_bank + position}).holder;
        if (holder == by || cpu(holder).folded_at >= asked_at) continue;
        known = false;
        notify(holder, by);
    }
    if (!known) request_clock_ = std::max(request_clock_, asked_at);
    c.asked_at = known ? 0 : asked_at;
    return known;
}

/// A linked interrupt that is not held says itself whether it is pending.
std::uint32_t Vgic::pending_of(const Bank& bank, unsigned index, VcpuId of, VcpuId by)
{
    auto pending = bank.pending();
    if (index == 0 && of != by) return pending;
    for (const unsigned position : each_bit(bank.linked & ~pending)) {
        if (machine::is_physical_pending(Intid{bank.physical[position]}))
            pending |= std::uint32_t{1} << position;
    }
    return pending;
}

Read Vgic::read_interrupts(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    const bool by_byte = group >= ipriorityr && group < icfgr;
    const bool senders = offset >= cpendsgir_offset && offset < spendsgir_end;
    if (size != 4 && !(size == 1 && (by_byte || senders))) return {.access = Access::abort};

    if (group < ipriorityr) {
        const auto index = static_cast<unsigned>(offset >> 2) % interrupts_per_bank;
        const auto* bank = visible_bank(scope, of, index);
        if (bank == nullptr) return {};
        switch (group) {
        case igroupr: return {.value = bank->group1};
        case isenabler:
        case icenabler: return {.value = bank->enabled};
        case ispendr:
        case icpendr:
            if (!is_known(*bank, index, of, by)) return {.access = Access::retry};
            return {.value = pending_of(*bank, index, of, by)};
        default:
            if (!is_known(*bank, index, of, by)) return {.access = Access::retry};
            return {.value = bank->active};
        }
    }
    if (by_byte) {
        const auto first = static_cast<unsigned>(offset) & 0x3ff;
        const auto* bank = visible_bank(scope, of, first / interrupts_per_bank);
        if (bank == nullptr) return {};
        std::uint64_t value = 0;
        for (unsigned n = 0; n < size; ++n) {
            const auto i = at(of, Intid{first + n});
            const auto byte = group < itargetsr ? i.priority() : target_mask(i);
            value |= std::uint64_t{byte} << (8 * n);
        }
        return {.value = value};
    }
    if (group < past_icfgr) {
        const auto half = static_cast<unsigned>(offset >> 2) & 0x3f;
        const auto* bank = visible_bank(scope, of, half / 2);
        if (bank == nullptr) return {};
        return {.value = spread_odd(bank->edge >> (half % 2 * 16))};
    }
    if (senders && configuration_.version == GicVersion::v2) {
        std::uint64_t value = 0;
        fold_all(cpu(by));
        for (unsigned n = 0; n < size; ++n)
            value |= std::uint64_t{cpu(by).sgi_sources[(offset + n) & 0xf]} << (8 * n);
        return {.value = value};
    }
    return {};
}

Access Vgic::write_interrupts(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset,
                              unsigned size, std::uint64_t value)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    const bool by_byte = group >= ipriorityr && group < icfgr;
    const bool senders = offset >= cpendsgir_offset && offset < spendsgir_end;
    if (size != 4 && !(size == 1 && (by_byte || senders))) return Access::abort;

    if (group < ipriorityr) {
        const auto index = static_cast<unsigned>(offset >> 2) % interrupts_per_bank;
        if (auto* bank = visible_bank(scope, of, index); bank != nullptr)
            write_bank({bank, index, of, by}, group, static_cast<std::uint32_t>(value));
    } else if (by_byte) {
        const auto first = static_cast<unsigned>(offset) & 0x3ff;
        if (visible_bank(scope, of, first / interrupts_per_bank) == nullptr) return Access::done;
        for (unsigned n = 0; n < size; ++n) {
            const Intid id{first + n};
            if (!exists(id)) continue;
            if (group < itargetsr)
                set_priority(at(of, id), byte_of(value, n), by);
            else
                set_targets(at(of, id), byte_of(value, n), by);
        }
    } else if (group < past_icfgr) {
        const auto half = static_cast<unsigned>(offset >> 2) & 0x3f;
        if (auto* bank = visible_bank(scope, of, half / 2); bank != nullptr)
            write_trigger({bank, half / 2, of, by}, half % 2, static_cast<std::uint32_t>(value));
    } else if (configuration_.version == GicVersion::v2) {
        if (offset == sgir_offset)
            write_sgir(by, gic::SoftwareGenerated::from(static_cast<std::uint32_t>(value)));
        for (unsigned n = 0; senders && n < size; ++n) {
            const Intid sgi{static_cast<std::uint32_t>(offset + n) & 0xf};
            change_sgi_sources(by, sgi, byte_of(value, n), offset >= spendsgir_offset);
        }
    }
    return Access::done;
}

/// Changes each of the interrupts `which` between folding and settling it.
void Vgic::change_each(const BankWrite& w, std::uint32_t which, Change change)
{
    for (const unsigned position : each_bit(which)) {
        auto i = at(w.of, Intid{w.index * interrupts_per_bank + position});
        open(i, w.by);
        (this->*change)(i, w.by);
        settle(i, w.by);
    }
    if (w.index == 0) private_changed(w.of, w.by, which);
}

/// Inverts the bits `changed` of a word. Only an interrupt on its way to a vCPU costs more than
/// that.
void Vgic::flip(const BankWrite& w, std::uint32_t Bank::* word, std::uint32_t changed)
{
    auto& bank = *w.bank;
    const bool mine = w.index != 0 || w.of == w.by;
    const auto moving = changed & (bank.pending() | bank.line | bank.resident | bank.active);
    for (const unsigned position : each_bit(moving))
        open(at(w.of, Intid{w.index * interrupts_per_bank + position}), w.by);
    bank.*word ^= changed;
    if (mine) follow_enables(bank);
    for (const unsigned position : each_bit(moving))
        settle(at(w.of, Intid{w.index * interrupts_per_bank + position}), w.by);
    if (w.index == 0) private_changed(w.of, w.by, changed);
}

/// Another vCPU follows up in its flush what only its own CPU can do.
void Vgic::private_changed(VcpuId of, VcpuId by, std::uint32_t which)
{
    auto& c = cpu(of);
    if (of != by) return notify(of, by);
    if ((which & (1U << c.timer[0].value() | 1U << c.timer[1].value())) != 0) refresh_timers(c);
}

/// A write to a register with one bit per interrupt, by what it changes.
void Vgic::write_bank(const BankWrite& w, unsigned group, std::uint32_t value)
{
    if (w.index == 0 && w.of == w.by) adopt_timers(cpu(w.by));
    auto& b = *w.bank;
    constexpr unsigned special_bank = 31;
    constexpr std::uint32_t special_bits = 0xf000'0000;
    const auto exist = w.index == special_bank ? ~special_bits : ~0U;
    // GICv2's SGIs become pending by sender only.
    const auto sgis = w.index == 0 && configuration_.version == GicVersion::v2 ? 0xffffU : 0;
    const auto bits = value & exist;
    switch (group) {
    case igroupr: return flip(w, &Bank::group1, bits ^ (b.group1 & exist));
    case isenabler: return flip(w, &Bank::enabled, bits & ~b.enabled);
    case icenabler: return flip(w, &Bank::enabled, bits & b.enabled);
    case ispendr:
        return change_each(w, bits & ~sgis & (~b.latch | b.resident), &Vgic::make_pending);
    case icpendr:
        return change_each(w, bits & ~sgis & (b.latch | b.resident | (b.linked & b.edge)),
                           &Vgic::end_pending);
    case isactiver: return change_each(w, bits & (~b.active | b.resident), &Vgic::make_active);
    case icactiver: return change_each(w, bits & (b.active | b.resident), &Vgic::end_active);
    default: return;
    }
}

/// GICD_ICFGR<n>, GICR_ICFGR0 and 1: SGIs are edges; a linked PPI is as its device has it.
void Vgic::write_trigger(const BankWrite& w, unsigned half, std::uint32_t value)
{
    auto fixed = w.index == 0 ? 0xffffU | w.bank->linked : 0;
    const auto edge = gather_odd(value) << (half * 16);
    const auto changed = (edge ^ w.bank->edge) & (0xffffU << (half * 16)) & ~fixed;
    flip(w, &Bank::edge, changed);
    for (const unsigned position : each_bit(changed & w.bank->linked)) {
        machine::set_physical_trigger(Intid{w.bank->physical[position]},
                                      (edge >> position & 1) != 0);
    }
}

void Vgic::set_priority(Interrupt i, std::uint8_t priority, VcpuId by)
{
    auto& stored = i.bank->priority[i.position()];
    const auto value = static_cast<std::uint8_t>(priority & priority_mask_);
    if (stored == value) return;
    if (!i.is_shared() && i.holder == by) adopt_timers(cpu(by));
    const bool moving = i.is_pending() || i.is(&Bank::resident) || i.is(&Bank::active);
    if (moving) open(i, by);
    stored = value;
    if (moving) {
        settle(i, by);
        // It may now be more urgent than another, or less.
        notify(i.holder, by);
    }
    if (!i.is_shared()) private_changed(i.holder, by, i.mask());
}

/// GICD_ITARGETSR<n>. The single vCPU of a domain shows its own mask instead of zero: Linux reads
/// it to learn where to send SGIs.
std::uint8_t Vgic::target_mask(Interrupt i)
{
    if (configuration_.version == GicVersion::v3) return 0;
    if (!i.is_shared()) return static_cast<std::uint8_t>(1U << i.holder.value());
    return exists(i.id) ? static_cast<std::uint8_t>(shared(i).route[i.position()]) : 0;
}

void Vgic::set_targets(Interrupt i, std::uint8_t mask, VcpuId by)
{
    if (!i.is_shared() || configuration_.version == GicVersion::v3 || configuration_.vcpus == 1)
        return;
    set_route(i, mask & all_vcpus(), false, by);
}

void Vgic::set_route(Interrupt i, std::uint32_t route, bool any, VcpuId by)
{
    open(i, by);
    shared(i).route[i.position()] = route;
    i.assign(&Bank::any_target, any);
    follow_route(i);
    settle(i, by);
}

} // namespace bulkhead::device
