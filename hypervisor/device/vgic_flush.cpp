#include "device/vgic.hpp"
#include "machine/physical_interrupt.hpp"

#include <algorithm>
#include <bit>
#include <utility>

/// Which interrupts are in the list registers, when there are more than fit.
namespace bulkhead::device {

/// The most urgent of many candidates, in order. A candidate is a number: smaller is more urgent.
/// Active interrupts come first, so that the guest ends them without a trap; pending ones follow by
/// priority, then by INTID; those of a group that the guest's CPU interface ignores are last.
class Vgic::Selection {
public:
    explicit Selection(unsigned limit) : limit_(limit) {}

    /// `set` of a bank, of which `ignored` are in a group that the guest's CPU interface ignores.
    void consider(const Bank& bank, std::uint32_t set, std::uint32_t ignored)
    {
        const auto first = std::uint32_t{bank.index} * interrupts_per_bank;
        for (const unsigned n : each_bit(set)) {
            const std::uint32_t key = std::uint32_t{bank.priority[n]} << 10 | (first + n);
            if ((bank.active >> n & 1) != 0) {
                insert(key);
                continue;
            }
            const auto pending_key = key | pending_bit | (ignored >> n & 1) << 19;
            most_urgent_pending_ = std::min(most_urgent_pending_, pending_key);
            insert(pending_key);
        }
    }

    /// At least one must be pending, or active interrupts that the guest does not end could keep
    /// all others out.
    void include_a_pending_one()
    {
        if (pending_left_ == 0 || is_pending(keys_[limit_ - 1])) return;
        leave(std::exchange(keys_[limit_ - 1], most_urgent_pending_));
        --pending_left_;
    }

    [[nodiscard]] unsigned size() const { return count_; }
    [[nodiscard]] Intid operator[](unsigned n) const { return Intid{keys_[n] & 0x3ff}; }
    [[nodiscard]] bool has(Intid id) const
    {
        return std::any_of(keys_.begin(), keys_.begin() + count_,
                           [&](std::uint32_t key) { return (key & 0x3ff) == id.value(); });
    }
    [[nodiscard]] bool leaves_active() const { return active_left_ != 0; }
    [[nodiscard]] bool leaves_pending() const { return pending_left_ != 0; }

private:
    static constexpr std::uint32_t pending_bit = 1U << 18;
    static bool is_pending(std::uint32_t key) { return (key & pending_bit) != 0; }

    void leave(std::uint32_t key) { ++(is_pending(key) ? pending_left_ : active_left_); }
    void insert(std::uint32_t key)
    {
        unsigned at = count_;
        if (count_ < limit_) {
            ++count_;
        } else {
            if (key > keys_[limit_ - 1]) return leave(key);
            at = limit_ - 1;
            leave(keys_[at]);
        }
        for (; at != 0 && keys_[at - 1] > key; --at)
            keys_[at] = keys_[at - 1];
        keys_[at] = key;
    }

    unsigned limit_;
    unsigned count_ = 0;
    unsigned active_left_ = 0;
    unsigned pending_left_ = 0;
    std::uint32_t most_urgent_pending_ = ~std::uint32_t{0};
    std::array<std::uint32_t, most_list_registers> keys_; // the first count_ of them
};

/// The group that the guest's CPU interface does not let through.
std::uint32_t ignored_by_guest(const Bank& bank)
{
    const auto groups = machine::enabled_virtual_groups();
    return ((groups & 1) == 0 ? ~bank.group1 : 0) | ((groups & 2) == 0 ? bank.group1 : 0);
}

/// The guest's vCPU runs here: what others did to its private interrupts reaches the physical GIC.
void Vgic::follow_private(CpuInterface& c)
{
    follow_enables(c.own);
    for (const unsigned position : each_bit(c.own.physically_active & ~c.own.resident))
        release_unwanted(at(c.own, position));
}

/// Interrupts that the guest ended while they were active outside the list registers: with EOImode
/// 0 it ends the most urgent first, so their number says which (ICH_HCR_EL2.EOIcount, IHI 0069
/// 12.4.7). With EOImode 1 each one is trapped, see deactivate().
void Vgic::count_deactivations(CpuInterface& c)
{
    if (!c.spilled) return;
    for (auto ended = machine::take_end_of_interrupt_count(); ended != 0; --ended) {
        Selection first{1};
        consider_waiting(c, first, Wanted::active);
        if (first.size() == 0) return;
        auto i = at(c.id, first[0]);
        end_active(i, c.id);
        place(i, c.id);
    }
}

/// Offers all that is outside the list registers, or only what is active there.
void Vgic::consider_waiting(CpuInterface& c, Selection& selection, Wanted which)
{
    const auto offer = [&](const Bank& bank, std::uint32_t set) {
        selection.consider(bank, which == Wanted::active ? set & bank.active : set,
                           ignored_by_guest(bank));
    };
    offer(c.own, waiting_private(c));
    for (const unsigned word : each_bit(c.waiting_banks))
        offer(spis_[word], c.waiting[word]);
}

void Vgic::request(CpuInterface& c, machine::Maintenance causes)
{
    if (causes == c.requested && !causes.group_change) return;
    c.requested = causes;
    machine::request_maintenance(causes);
}

/// More want in than fit: what is in competes too, and the losers' list registers become free.
void Vgic::make_room(CpuInterface& c, Selection& chosen)
{
    for (const unsigned n : each_bit(c.used)) {
        const auto i = at(c.id, c.slot_id(n));
        chosen.consider(*i.bank, i.mask(), ignored_by_guest(*i.bank));
    }
    chosen.include_a_pending_one();
    for (const unsigned n : each_bit(c.used)) {
        const auto i = at(c.id, c.slot_id(n));
        if (chosen.has(i.id)) continue;
        forget_slot(c, n, i);
        if (i.is_shared()) queue(i);
    }
}

/// After the fold: fills the free list registers.
void Vgic::refill(CpuInterface& c)
{
    if (!has_waiting(c)) {
        c.crowded = c.spilled = false;
        return request(c, {});
    }
    auto waiting = static_cast<unsigned>(std::popcount(waiting_private(c)));
    for (const unsigned word : each_bit(c.waiting_banks))
        waiting += static_cast<unsigned>(std::popcount(c.waiting[word]));
    const auto free = list_registers_ - static_cast<unsigned>(std::popcount(c.used));
    const bool crowded = waiting > free;
    Selection chosen{crowded ? list_registers_ : free};
    consider_waiting(c, chosen, Wanted::all);
    if (crowded) make_room(c, chosen);
    for (unsigned k = 0; k < chosen.size(); ++k) {
        const auto i = at(c.id, chosen[k]);
        if (i.is(&Bank::resident)) continue;
        if (i.is_shared()) unqueue(i);
        write_slot(c, choose_slot(c, i.id, ~c.used & all_slots()), i);
    }

    const bool spilled = chosen.leaves_active();
    const bool more = chosen.leaves_pending();
    // What the guest ended before there was anything to count is nobody's.
    if (spilled && !c.spilled) static_cast<void>(machine::take_end_of_interrupt_count());
    c.spilled = spilled;
    c.crowded = more || spilled;
    request(c, {.underflow = more && list_registers_ > 1,
                .no_pending = more,
                .entry_not_present = spilled,
                .group_change = more,
                .trap_deactivation = spilled});
}

void Vgic::flush_locked(CpuInterface& c)
{
    fold_all(c);
    count_deactivations(c);
    follow_private(c);
    for (const unsigned n : each_bit(c.used & c.changed_slots))
        rewrite_slot(c, n);
    refill(c);
    if (c.timers_changed) refresh_timers(c);
    c.folded_at = request_clock_;
}

void Vgic::flush(VcpuId running)
{
    const Guard guard{lock_};
    flush_locked(cpu(running));
}

bool Vgic::has_deliverable(VcpuId running)
{
    const Guard guard{lock_};
    auto& c = cpu(running);
    flush_locked(c);
    bool found = false;
    for (const unsigned n : each_bit(c.pending_slots)) {
        const auto i = at(c.id, c.slot_id(n));
        const unsigned group = i.is(&Bank::group1) ? 1 : 0;
        found |= !i.is(&Bank::active) && (machine::enabled_virtual_groups() >> group & 1) != 0;
    }
    return found;
}

void Vgic::load(VcpuId vcpu)
{
    const Guard guard{lock_};
    auto& c = cpu(vcpu);
    c.loaded = true;
    c.timers_changed = true;
    c.requested = {};
    machine::request_maintenance({});
    c.own.physically_active = c.own.held;
    for (const unsigned position : each_bit(c.own.held))
        machine::activate_physical(Intid{c.own.physical[position]});
    if (c.last_cpu != machine::this_cpu()) {
        c.last_cpu = machine::this_cpu();
        for (unsigned index = 1; index < bank_count(); ++index)
            for (const unsigned position : each_bit(spis_[index - 1].linked))
                follow_route(at(spis_[index - 1], position));
    }
    flush_locked(c);
}

void Vgic::save(VcpuId vcpu)
{
    const Guard guard{lock_};
    auto& c = cpu(vcpu);
    fold_all(c);
    count_deactivations(c);
    c.loaded = false;
    c.crowded = c.spilled = false;
    for (const unsigned n : each_bit(c.used)) {
        const auto i = at(vcpu, c.slot_id(n));
        i.clear(&Bank::arrived);
        i.clear(&Bank::active_written);
        drop_slot(c, n, i);
        place(i, vcpu);
    }
    // This CPU's private interrupts are the next vCPU's from here on.
    for (const unsigned position : each_bit(c.own.physically_active))
        machine::deactivate_physical(Intid{c.own.physical[position]});
    for (const unsigned position : each_bit(c.own.physically_enabled))
        machine::disable_physical(Intid{c.own.physical[position]});
    c.own.physically_enabled = 0;
    c.own.physically_active = 0;
    refresh_timers(c);
    machine::request_maintenance({});
    c.folded_at = request_clock_;
}

} // namespace bulkhead::device
