#include "device/vgic.hpp"
#include "machine/physical_interrupt.hpp"

#include <algorithm>

/// The registers with a bit, two bits or a byte per interrupt (IHI 0069, 12.9 and 12.11). They have
/// the same offsets in the distributor and in a redistributor's second frame, which has the first
/// bank only; a GICv2's distributor has the calling vCPU's private interrupts as its first.
namespace bulkhead::device {
namespace {

using namespace gic;

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

constexpr std::uint64_t sgir_offset = 0xf00;
constexpr std::uint64_t cpendsgir_offset = 0xf10;
constexpr std::uint64_t spendsgir_offset = 0xf20;
constexpr std::uint64_t spendsgir_end = 0xf30;

/// GICD_CPENDSGIR<n> and GICD_SPENDSGIR<n>.
constexpr bool is_sender_offset(std::uint64_t offset)
{
    return offset >= cpendsgir_offset && offset < spendsgir_end;
}
/// Registers with a byte per interrupt may be accessed by byte.
constexpr bool is_field_size(std::uint64_t offset, unsigned size)
{
    return size == 4 || (size == 1 && (offset >> 7 < icfgr || is_sender_offset(offset)));
}

constexpr std::uint8_t byte_of(std::uint64_t value, unsigned n)
{
    return static_cast<std::uint8_t>(value >> (8 * n));
}

} // namespace

/// A linked interrupt that is not held says itself whether it is pending.
std::uint32_t Vgic::pending_of(const Bank& bank, VcpuId by)
{
    auto pending = bank.pending();
    if (bank.index == 0 && !bank.is_private_of(by)) return pending;
    for (const unsigned position : each_bit(bank.linked & ~pending))
        if (machine::is_physical_pending(Intid{bank.physical[position]}))
            pending |= std::uint32_t{1} << position;
    return pending;
}

/// The pending or the active state.
Read Vgic::read_state(Bank& bank, VcpuId by, unsigned group)
{
    if (!delivery_.is_known(bank, by)) return {.access = Access::retry};
    return {.value = group < gic::isactiver ? pending_of(bank, by) : bank.active};
}

/// The registers with more than one bit per interrupt.
Read Vgic::read_fields(Target target, std::uint64_t offset, unsigned size)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    if (!is_field_size(offset, size)) return {.access = Access::abort};
    std::uint64_t value = 0;
    if (group < icfgr) {
        const auto first = static_cast<unsigned>(offset) & 0x3ff;
        if (visible_bank(target, first / interrupts_per_bank) == nullptr) return {};
        for (unsigned n = 0; n < size; ++n) {
            const auto i = delivery_.at(target.of, Intid{first + n});
            const auto byte = group < itargetsr ? i.priority() : target_mask(i);
            value |= std::uint64_t{byte} << (8 * n);
        }
    } else if (group < past_icfgr) {
        const auto half = static_cast<unsigned>(offset >> 2) & 0x3f;
        const auto* bank = visible_bank(target, half / 2);
        if (bank != nullptr) value = spread_odd(bank->edge >> (half % 2 * 16));
    } else if (is_sender_offset(offset) && is_v2()) {
        delivery_.fold_all(delivery_.cpu(target.by));
        for (unsigned n = 0; n < size; ++n)
            value |= std::uint64_t{delivery_.cpu(target.by).sgi_sources[(offset + n) & 0xf]}
                     << (8 * n);
    }
    return {.value = value};
}

bool Vgic::reclaim(Bank& bank, std::uint32_t which, VcpuId by)
{
    return (bank.lent & which) == 0 || delivery_.reclaim(static_cast<SharedBank&>(bank), which, by);
}

Access Vgic::write_fields(Target target, std::uint64_t offset, unsigned size, std::uint64_t value)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    if (!is_field_size(offset, size)) return Access::abort;
    if (group < icfgr) {
        const auto first = static_cast<unsigned>(offset) & 0x3ff;
        auto* bank = visible_bank(target, first / interrupts_per_bank);
        if (bank == nullptr) return Access::done;
        if (!reclaim(*bank, (mask_of(size) - 1) << first % interrupts_per_bank, target.by))
            return Access::retry;
        for (unsigned n = 0; n < size; ++n) {
            const Intid id{first + n};
            if (!delivery_.exists(id)) continue;
            if (group < itargetsr)
                set_priority(delivery_.at(target.of, id), byte_of(value, n), target.by);
            else
                set_target_mask(delivery_.at(target.of, id), byte_of(value, n), target.by);
        }
    } else if (group < past_icfgr) {
        const auto half = static_cast<unsigned>(offset >> 2) & 0x3f;
        auto* bank = visible_bank(target, half / 2);
        if (bank == nullptr) return Access::done;
        if (!reclaim(*bank, 0xffffU << (half % 2 * 16), target.by)) return Access::retry;
        write_trigger(*bank, target.by, half % 2, static_cast<std::uint32_t>(value));
    } else if (is_v2()) {
        if (offset == sgir_offset)
            write_sgir(target.by, gic::SoftwareGenerated::from(static_cast<std::uint32_t>(value)));
        for (unsigned n = 0; is_sender_offset(offset) && n < size; ++n) {
            const Intid sgi{static_cast<std::uint32_t>(offset + n) & 0xf};
            change_sgi_sources(target.by, sgi, byte_of(value, n), offset >= spendsgir_offset);
        }
    }
    return Access::done;
}

/// A write to a register with one bit per interrupt, by what it changes.
void Vgic::write_bank(Bank& bank, VcpuId by, unsigned group, std::uint32_t bits)
{
    auto& c = delivery_.cpu(by);
    if (bank.is_private_of(by) && (bits & c.timer_mask) != 0) delivery_.adopt(c);
    // GICv2's SGIs become pending by sender only.
    const auto pendable = bank.index == 0 && is_v2() ? bits & ~0xffffU : bits;
    switch (group) {
    case igroupr: return flip(bank, by, &Bank::group1, bits);
    case isenabler: return flip(bank, by, &Bank::enabled, bits & ~bank.enabled);
    case icenabler: return flip(bank, by, &Bank::enabled, bits & bank.enabled);
    case ispendr:
        return change_each(bank, by, pendable & (~bank.latch | bank.resident), Change::set_pending);
    case icpendr:
        return change_each(bank, by, pendable & (bank.latch | bank.resident | bank.linked),
                           Change::clear_pending);
    case isactiver:
        return change_each(bank, by, bits & (~bank.active | bank.resident), Change::set_active);
    case icactiver:
        return change_each(bank, by, bits & (bank.active | bank.resident), Change::clear_active);
    default: return;
    }
}

void Vgic::change_each(Bank& bank, VcpuId by, std::uint32_t which, Change change)
{
    // Several compete in one flush.
    auto& c = delivery_.cpu(by);
    c.gathering = c.loaded && (which & (which - 1)) != 0;
    auto left = which;
    if (c.gathering && change == Change::set_pending && bank.index != 0)
        left = delivery_.raise(static_cast<SharedBank&>(bank), which, by);
    for (const unsigned position : each_bit(left))
        delivery_.change(delivery_.at(bank, position), change, by);
    private_changed(bank, by, which);
    if (!c.gathering) return;
    c.gathering = false;
    if (c.flush_due) delivery_.flush(c);
}

/// Inverts the bits `changed` of a word. Only an interrupt on its way to a vCPU costs more than
/// that.
void Vgic::flip(Bank& bank, VcpuId by, std::uint32_t Bank::* word, std::uint32_t changed)
{
    const auto moving = changed & (bank.pending() | bank.line | bank.resident | bank.active);
    for (const unsigned position : each_bit(moving))
        delivery_.open(delivery_.at(bank, position), by);
    bank.*word ^= changed;
    if (bank.index != 0 || bank.is_private_of(by)) delivery_.follow_enables(bank);
    for (const unsigned position : each_bit(moving))
        delivery_.settle(delivery_.at(bank, position), by);
    private_changed(bank, by, changed);
}

/// What only the owner's CPU can do: another vCPU follows up in its flush.
void Vgic::private_changed(const Bank& bank, VcpuId by, std::uint32_t which)
{
    if (bank.index != 0) return;
    auto& c = delivery_.cpu(VcpuId{bank.owner});
    if ((which & c.timer_mask) != 0) c.timers_changed = true;
    if (!bank.is_private_of(by)) return delivery_.notify(c.id, by);
    if (c.timers_changed) delivery_.refresh_timers(c);
}

/// GICD_ICFGR<n>, GICR_ICFGR0 and 1: SGIs are edges; a linked PPI is as its device has it.
void Vgic::write_trigger(Bank& bank, VcpuId by, unsigned half, std::uint32_t value)
{
    const auto fixed = bank.index == 0 ? 0xffffU | bank.linked : ~bank.existing();
    const auto edge = gather_odd(value) << (half * 16);
    const auto changed = (edge ^ bank.edge) & (0xffffU << (half * 16)) & ~fixed;
    flip(bank, by, &Bank::edge, changed);
    for (const unsigned position : each_bit(changed & bank.linked))
        machine::set_physical_trigger(Intid{bank.physical[position]}, (edge >> position & 1) != 0);
}

void Vgic::set_priority(Interrupt i, std::uint8_t priority, VcpuId by)
{
    auto& stored = i.bank->priority[i.position()];
    const auto value = static_cast<std::uint8_t>(priority & priority_mask_);
    if (stored == value) return;
    delivery_.open(i, by);
    stored = value;
    if ((i.bank->engaged() & i.mask()) != 0) delivery_.settle(i, by);
    private_changed(*i.bank, by, i.mask());
}

/// GICD_ITARGETSR<n>. The single vCPU of a domain has its own mask there instead of zero: Linux
/// reads it to learn where to send SGIs.
std::uint8_t Vgic::target_mask(Interrupt i)
{
    if (!is_v2()) return 0;
    if (!i.is_shared()) return static_cast<std::uint8_t>(1U << i.holder.value());
    return delivery_.exists(i.id)
               ? static_cast<std::uint8_t>(delivery_.shared(i).route[i.position()])
               : 0;
}

void Vgic::set_target_mask(Interrupt i, std::uint8_t mask, VcpuId by)
{
    if (!i.is_shared() || !is_v2()) return;
    delivery_.set_route(i, mask & all_vcpus(), false, by);
}

} // namespace bulkhead::device
