#include "device/vgic_delivery.hpp"
#include "machine/cpu.hpp"
#include "machine/physical_interrupt.hpp"

#include <algorithm>
#include <bit>
#include <utility>

/// Which interrupts are in the list registers, when there are more than fit.
namespace bulkhead::device {

namespace {

/// The group that the guest's CPU interface does not let through.
std::uint32_t ignored_by_guest(const Bank& bank)
{
    const auto groups = machine::enabled_virtual_groups();
    return ((groups & 1) == 0 ? ~bank.group1 : 0) | ((groups & 2) == 0 ? bank.group1 : 0);
}

} // namespace

/// The most urgent of many candidates, in order. A candidate is a number: smaller is more urgent.
/// Active interrupts come first, so that the guest ends them without a trap; pending ones follow by
/// priority, then by INTID; those of a group that the guest's CPU interface ignores are last.
class VgicDelivery::Selection {
public:
    explicit Selection(unsigned limit) : limit_(limit) {}

    void consider(const Bank& bank, std::uint32_t set)
    {
        const auto ignored = ignored_by_guest(bank);
        const auto first = std::uint32_t{bank.index} * interrupts_per_bank;
        for (const unsigned n : each_bit(set)) {
            const auto rank = (bank.active >> n & 1) != 0 ? 0
                              : (ignored >> n & 1) != 0   ? pending_bit | ignored_bit
                                                          : pending_bit;
            insert(rank | std::uint32_t{bank.priority[n]} << 10 | (first + n));
        }
    }

    /// At least one must be pending, or active interrupts that the guest does not end could keep
    /// all others out.
    void include_a_pending_one()
    {
        if (pending_left_ == 0 || is_pending(keys_[limit_ - 1])) return;
        leave(std::exchange(keys_[limit_ - 1], most_urgent_left_));
        --pending_left_;
    }

    [[nodiscard]] unsigned size() const { return count_; }
    [[nodiscard]] Intid operator[](unsigned n) const { return Intid{keys_[n] & 0x3ff}; }
    [[nodiscard]] bool leaves_active() const { return active_left_ != 0; }
    [[nodiscard]] bool leaves_pending() const { return pending_left_ != 0; }

private:
    static constexpr std::uint32_t pending_bit = 1U << 18;
    static constexpr std::uint32_t ignored_bit = 1U << 19;
    static bool is_pending(std::uint32_t key) { return (key & pending_bit) != 0; }

    void leave(std::uint32_t key)
    {
        ++(is_pending(key) ? pending_left_ : active_left_);
        if (is_pending(key)) most_urgent_left_ = std::min(most_urgent_left_, key);
    }
    void insert(std::uint32_t key)
    {
        unsigned at = count_;
        if (count_ < limit_) {
            ++count_;
        } else {
            at = limit_ - 1;
            if (key > keys_[at]) return leave(key);
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
    std::uint32_t most_urgent_left_ = ~std::uint32_t{0};
    std::array<std::uint32_t, most_list_registers> keys_; // the first count_ of them
};

/// The guest's vCPU runs here: what others did to its private interrupts reaches the physical GIC.
void VgicDelivery::follow_private(CpuInterface& c)
{
    follow_enables(c.own);
    for (const unsigned position : each_bit(c.own.physically_active & ~c.own.resident))
        release_unwanted(at(c.own, position));
}

/// Interrupts that the guest ended while they were active outside the list registers: with EOImode
/// 0 it ends the most urgent first, so their number says which (ICH_HCR_EL2.EOIcount, IHI 0069
/// 12.4.7). With EOImode 1 each one is trapped, see deactivate().
void VgicDelivery::count_deactivations(CpuInterface& c)
{
    if (!c.spilled) return;
    for (auto ended = machine::take_end_of_interrupt_count(); ended != 0; --ended) {
        Selection first{1};
        for (const unsigned index : each_bit(c.waiting_banks))
            first.consider(bank_of(c, index), c.waiting[index] & bank_of(c, index).active);
        if (first.size() == 0) return;
        change(at(c.id, first[0]), Change::clear_active, c.id);
    }
}

void VgicDelivery::request(CpuInterface& c, machine::Maintenance causes)
{
    if (causes == c.requested && !causes.group_change) return;
    c.requested = causes;
    c.requested_groups = machine::enabled_virtual_groups();
    machine::request_maintenance(causes);
}

void VgicDelivery::fill_slot(CpuInterface& c, Interrupt i)
{
    unqueue(i);
    write_slot(c, choose_slot(c, i.id, ~c.used & all_slots()), i);
}

/// More want in than fit: all compete anew, those that are in as well.
void VgicDelivery::refill_crowded(CpuInterface& c)
{
    for (const unsigned n : each_bit(c.used)) {
        const auto i = at(c.id, c.slot_id(n));
        drop_slot(c, n, i);
        queue(i);
    }
    Selection chosen{list_registers_};
    choose(c, chosen);

    // What the guest ended before there was anything to count is nobody's.
    const bool spilled = chosen.leaves_active();
    if (spilled && !c.spilled) static_cast<void>(machine::take_end_of_interrupt_count());
    const bool more = chosen.leaves_pending();
    c.spilled = spilled;
    request(c, {.underflow = more && list_registers_ > 1,
                .no_pending = more,
                .entry_not_present = spilled,
                .group_change = more,
                .trap_deactivation = spilled});
}

/// The most urgent of those that wait go into free list registers.
void VgicDelivery::choose(CpuInterface& c, Selection& chosen)
{
    for (const unsigned index : each_bit(c.waiting_banks))
        chosen.consider(bank_of(c, index), c.waiting[index]);
    chosen.include_a_pending_one();
    c.crowded = c.timers_changed = true;
    for (unsigned k = 0; k < chosen.size(); ++k)
        fill_slot(c, at(c.id, chosen[k]));
    c.contested = false;
}

/// After the fold: fills the free list registers.
void VgicDelivery::refill(CpuInterface& c)
{
    int waiting = 0;
    for (const unsigned index : each_bit(c.waiting_banks))
        waiting += std::popcount(c.waiting[index]);
    const int free = static_cast<int>(list_registers_) - std::popcount(c.used);
    if (waiting > free) {
        // Where those that are in are more urgent than all that wait, what became free is filled.
        const bool in_order = c.crowded && !c.contested && !c.spilled && free != 0 &&
                              machine::enabled_virtual_groups() == c.requested_groups;
        if (!in_order) return refill_crowded(c);
        Selection chosen{static_cast<unsigned>(free)};
        return choose(c, chosen);
    }
    for (const unsigned index : each_bit(c.waiting_banks))
        for (const unsigned position : each_bit(c.waiting[index]))
            fill_slot(c, at(bank_of(c, index), position));
    c.timers_changed |= c.crowded;
    c.crowded = c.spilled = false;
    request(c, {});
}

void VgicDelivery::flush(CpuInterface& c)
{
    c.flush_due = false;
    fold_all(c);
    if (c.recalled) recall_all(c);
    count_deactivations(c);
    follow_private(c);
    for (const unsigned n : each_bit(c.used & c.changed_slots))
        rewrite_slot(c, n);
    refill(c);
    if (c.timers_changed) refresh_timers(c);
    c.unit->open_list_registers = open_list_registers(c);
    c.folded_at = request_clock_;
}

bool VgicDelivery::has_deliverable(CpuInterface& c)
{
    flush(c);
    for (const unsigned n : each_bit(c.pending_slots)) {
        const auto i = at(c.id, c.slot_id(n));
        if (!i.is(&Bank::active) && (ignored_by_guest(*i.bank) & i.mask()) == 0) return true;
    }
    return false;
}

void VgicDelivery::load(CpuInterface& c)
{
    c.loaded = true;
    c.timers_changed = true;
    c.requested = {};
    machine::request_maintenance({});
    for (const unsigned position : each_bit(c.own.linked & c.own.edge))
        machine::set_physical_trigger(Intid{c.own.physical[position]}, true);
    c.own.physically_active = c.own.held;
    for (const unsigned position : each_bit(c.own.held))
        machine::activate_physical(Intid{c.own.physical[position]});
    if (c.last_cpu != machine::this_cpu()) {
        c.last_cpu = machine::this_cpu();
        for (auto& bank : spis_)
            for (const unsigned position : each_bit(bank.linked))
                follow_route(at(bank, position));
    }
    flush(c);
}

void VgicDelivery::save(CpuInterface& c)
{
    fold_all(c);
    recall_all(c);
    c.unit->open_list_registers = 0;
    count_deactivations(c);
    c.loaded = false;
    c.crowded = c.spilled = false;
    for (const unsigned n : each_bit(c.used)) {
        const auto i = at(c.id, c.slot_id(n));
        i.clear(&Bank::arrived);
        i.clear(&Bank::active_written);
        drop_slot(c, n, i);
        place(i, c.id);
    }
    // This CPU's private interrupts are the next vCPU's from here on.
    for (const unsigned position : each_bit(c.own.physically_active))
        machine::deactivate_physical(Intid{c.own.physical[position]});
    for (const unsigned position : each_bit(c.own.physically_enabled))
        machine::disable_physical(Intid{c.own.physical[position]});
    for (const unsigned position : each_bit(c.own.linked & c.own.edge)) {
        machine::set_physical_trigger(Intid{c.own.physical[position]}, false);
        machine::clear_physical_pending(Intid{c.own.physical[position]});
    }
    c.own.physically_enabled = 0;
    c.own.physically_active = 0;
    refresh_timers(c);
    machine::request_maintenance({});
    c.folded_at = request_clock_;
}

} // namespace bulkhead::device
