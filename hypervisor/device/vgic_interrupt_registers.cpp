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

/// INTIDs 1020 to 1023 do not exist (IHI 0069, 2.2.1).
constexpr std::uint32_t existing(unsigned index) { return index == 31 ? 0x0fff'ffff : ~0U; }

bool is_own(const Bank& bank, VcpuId vcpu) { return bank.index == 0 && bank.owner == vcpu.value(); }

constexpr std::uint8_t byte_of(std::uint64_t value, unsigned n)
{
    return static_cast<std::uint8_t>(value >> (8 * n));
}

} // namespace

/// The bank that a register's offset names, if it is there.
Bank* Vgic::visible_bank(Scope scope, VcpuId of, unsigned index)
{
    if (index != 0)
        return scope == Scope::distributor && index < bank_count() ? &spis_[index - 1] : nullptr;
    const bool v2 = configuration_.version == GicVersion::v2;
    return v2 || scope == Scope::redistributor ? &cpu(of).own : nullptr;
}

/// Does memory know the pending and active states of a bank? Else those who do were asked.
bool Vgic::is_known(Bank& bank, VcpuId by)
{
    auto& c = cpu(by);
    if (bank.index != 0 || is_own(bank, by)) fold_all(c);
    bool known = true;
    const auto asked_at = c.asked_at == 0 ? request_clock_ + 1 : c.asked_at;
    for (const unsigned position : each_bit(bank.resident)) {
        const auto holder = at(bank, position).holder;
        if (holder == by || cpu(holder).folded_at >= asked_at) continue;
        known = false;
        notify(holder, by);
    }
    if (!known) request_clock_ = std::max(request_clock_, asked_at);
    c.asked_at = known ? 0 : asked_at;
    return known;
}

/// A linked interrupt that is not held says itself whether it is pending.
std::uint32_t Vgic::pending_of(const Bank& bank, VcpuId by)
{
    auto pending = bank.pending();
    if (bank.index == 0 && !is_own(bank, by)) return pending;
    for (const unsigned position : each_bit(bank.linked & ~pending))
        if (machine::is_physical_pending(Intid{bank.physical[position]}))
            pending |= std::uint32_t{1} << position;
    return pending;
}

Read Vgic::read_interrupts(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    if (group >= ipriorityr) return read_fields(scope, of, by, offset, size);
    if (size != 4) return {.access = Access::abort};
    auto* bank = visible_bank(scope, of, static_cast<unsigned>(offset >> 2) % interrupts_per_bank);
    if (bank == nullptr) return {};
    switch (group) {
    case igroupr: return {.value = bank->group1};
    case isenabler:
    case icenabler: return {.value = bank->enabled};
    case ispendr:
    case icpendr:
        if (!is_known(*bank, by)) return {.access = Access::retry};
        return {.value = pending_of(*bank, by)};
    default:
        if (!is_known(*bank, by)) return {.access = Access::retry};
        return {.value = bank->active};
    }
}

/// The registers with more than one bit per interrupt.
Read Vgic::read_fields(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    if (!is_field_size(offset, size)) return {.access = Access::abort};
    std::uint64_t value = 0;
    if (group < icfgr) {
        const auto first = static_cast<unsigned>(offset) & 0x3ff;
        if (visible_bank(scope, of, first / interrupts_per_bank) == nullptr) return {};
        for (unsigned n = 0; n < size; ++n) {
            const auto i = at(of, Intid{first + n});
            const auto byte = group < itargetsr ? i.priority() : target_mask(i);
            value |= std::uint64_t{byte} << (8 * n);
        }
    } else if (group < past_icfgr) {
        const auto half = static_cast<unsigned>(offset >> 2) & 0x3f;
        const auto* bank = visible_bank(scope, of, half / 2);
        if (bank != nullptr) value = spread_odd(bank->edge >> (half % 2 * 16));
    } else if (is_sender_offset(offset) && configuration_.version == GicVersion::v2) {
        fold_all(cpu(by));
        for (unsigned n = 0; n < size; ++n)
            value |= std::uint64_t{cpu(by).sgi_sources[(offset + n) & 0xf]} << (8 * n);
    }
    return {.value = value};
}

Access Vgic::write_interrupts(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset,
                              unsigned size, std::uint64_t value)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    if (group >= ipriorityr) return write_fields(scope, of, by, offset, size, value);
    if (size != 4) return Access::abort;
    const auto index = static_cast<unsigned>(offset >> 2) % interrupts_per_bank;
    auto* bank = visible_bank(scope, of, index);
    if (bank == nullptr) return Access::done;
    const auto bits = static_cast<std::uint32_t>(value) & existing(index);
    if (group == isenabler || group == icenabler) {
        // What is disabled, and what nothing comes of as yet: no more than a bit.
        const auto changed = bits & (group == isenabler ? ~bank->enabled : bank->enabled);
        if ((changed & engaged(*bank)) == 0) {
            bank->enabled ^= changed;
            return Access::done;
        }
    }
    write_bank(*bank, by, group, bits);
    return Access::done;
}

Access Vgic::write_fields(Scope scope, VcpuId of, VcpuId by, std::uint64_t offset, unsigned size,
                          std::uint64_t value)
{
    const auto group = static_cast<unsigned>(offset >> 7);
    if (!is_field_size(offset, size)) return Access::abort;
    if (group < icfgr) {
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
            write_trigger(*bank, by, half % 2, static_cast<std::uint32_t>(value));
    } else if (configuration_.version == GicVersion::v2) {
        if (offset == sgir_offset)
            write_sgir(by, gic::SoftwareGenerated::from(static_cast<std::uint32_t>(value)));
        for (unsigned n = 0; is_sender_offset(offset) && n < size; ++n) {
            const Intid sgi{static_cast<std::uint32_t>(offset + n) & 0xf};
            change_sgi_sources(by, sgi, byte_of(value, n), offset >= spendsgir_offset);
        }
    }
    return Access::done;
}

/// A write to a register with one bit per interrupt, by what it changes.
void Vgic::write_bank(Bank& b, VcpuId by, unsigned group, std::uint32_t bits)
{
    if (is_own(b, by) && (bits & cpu(by).timer_mask) != 0) adopt_timers(cpu(by));
    // GICv2's SGIs become pending by sender only.
    const auto sgis = b.index == 0 && configuration_.version == GicVersion::v2 ? 0xffffU : 0;
    switch (group) {
    case igroupr: return flip(b, by, &Bank::group1, bits ^ (b.group1 & existing(b.index)));
    case isenabler: return flip(b, by, &Bank::enabled, bits & ~b.enabled);
    case icenabler: return flip(b, by, &Bank::enabled, bits & b.enabled);
    case ispendr:
        return change_each(b, by, bits & ~sgis & (~b.latch | b.resident), &Vgic::make_pending);
    case icpendr:
        return change_each(b, by, bits & ~sgis & (b.latch | b.resident | b.linked),
                           &Vgic::end_pending);
    case isactiver: return change_each(b, by, bits & (~b.active | b.resident), &Vgic::make_active);
    case icactiver: return change_each(b, by, bits & (b.active | b.resident), &Vgic::end_active);
    default: return;
    }
}

/// Changes each of the interrupts `which` between folding and settling it.
void Vgic::change_each(Bank& bank, VcpuId by, std::uint32_t which, Change change)
{
    // Several compete in one flush.
    if ((which & (which - 1)) != 0) notify(by, by);
    for (const unsigned position : each_bit(which)) {
        auto i = at(bank, position);
        open(i, by);
        (this->*change)(i, by);
        settle(i, by);
    }
    private_changed(bank, by, which);
}

/// Inverts the bits `changed` of a word. Only an interrupt on its way to a vCPU costs more than
/// that.
void Vgic::flip(Bank& bank, VcpuId by, std::uint32_t Bank::* word, std::uint32_t changed)
{
    const auto moving = changed & (bank.pending() | bank.line | bank.resident | bank.active);
    for (const unsigned position : each_bit(moving))
        open(at(bank, position), by);
    bank.*word ^= changed;
    if (bank.index != 0 || is_own(bank, by)) follow_enables(bank);
    for (const unsigned position : each_bit(moving))
        settle(at(bank, position), by);
    private_changed(bank, by, changed);
}

/// What only the owner's CPU can do: another vCPU follows up in its flush.
void Vgic::private_changed(const Bank& bank, VcpuId by, std::uint32_t which)
{
    if (bank.index != 0) return;
    auto& c = cpu(VcpuId{bank.owner});
    if ((which & c.timer_mask) != 0) c.timers_changed = true;
    if (!is_own(bank, by)) return notify(VcpuId{bank.owner}, by);
    if (c.timers_changed) refresh_timers(c);
}

/// GICD_ICFGR<n>, GICR_ICFGR0 and 1: SGIs are edges; a linked PPI is as its device has it.
void Vgic::write_trigger(Bank& bank, VcpuId by, unsigned half, std::uint32_t value)
{
    const auto fixed = bank.index == 0 ? 0xffffU | bank.linked : ~existing(bank.index);
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
    if (cpu(by).is_timer(i.id) && i.holder == by) adopt_timers(cpu(by));
    const bool moving = i.is_pending() || i.is(&Bank::resident) || i.is(&Bank::active);
    if (moving) open(i, by);
    stored = value;
    if (moving) {
        settle(i, by);
        // It may now be more urgent than another, or less.
        notify(i.holder, by);
    }
    private_changed(*i.bank, by, i.mask());
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
