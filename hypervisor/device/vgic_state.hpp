#pragma once

#include "base/bits.hpp"
#include "machine/list_register.hpp"
#include "sched/unit.hpp"

#include <array>
#include <bit>
#include <cstdint>

/// What the virtual GIC remembers: banks of 32 interrupts, and one CPU interface per vCPU.
namespace bulkhead::device {

inline constexpr VcpuId nobody{~std::uint32_t{0}};
inline constexpr unsigned interrupts_per_bank = 32;
inline constexpr unsigned most_banks = 32;
inline constexpr unsigned first_ppi = 16;
inline constexpr unsigned first_spi = 32;
inline constexpr unsigned most_list_registers = 16;
inline constexpr unsigned most_timers = 2;

constexpr std::uint32_t mask_of(unsigned position) { return std::uint32_t{1} << position; }

/// 32 interrupts, one bit of each word per interrupt, as the guest's bank registers have them: a
/// register is read as it stands, and a write costs what it changes.
struct Bank {
    /// 0: the private interrupts of vCPU `owner`; else the SPIs from INTID 32 * index.
    std::uint16_t index = 0;
    std::uint16_t owner = 0;

    std::uint32_t enabled = 0;
    /// Pending until it is acknowledged: an edge, an SGI, or set by software.
    std::uint32_t latch = 0;
    /// The input signal of the interrupts that are not linked to a physical one.
    std::uint32_t line = 0;
    std::uint32_t active = 0;
    std::uint32_t group1 = 0;
    std::uint32_t edge = 0;
    /// The physical interrupt `physical` stands behind it, and list registers deactivate that.
    std::uint32_t linked = 0;
    /// The physical interrupt is to be active on the guest's behalf: this one is active, or else
    /// pending by it.
    std::uint32_t held = 0;
    /// It is in a list register, which knows better than `latch` and `active` until it is folded.
    std::uint32_t resident = 0;
    /// A device's SPI: the interrupt path of the vCPU that holds it puts it into a list register by
    /// itself (RunningVcpu::device_list_register), and may have done so. Nothing of it changes
    /// before that CPU has taken it back.
    std::uint32_t lent = 0;
    /// While in a list register of another CPU: became pending once more, its physical interrupt
    /// arrived once more, and `active` was written.
    std::uint32_t again = 0;
    std::uint32_t arrived = 0;
    std::uint32_t active_written = 0;
    /// What the physical GIC was told of the linked ones. Of private interrupts, on the CPU that
    /// their vCPU is loaded on.
    std::uint32_t physically_enabled = 0;
    std::uint32_t physically_active = 0;
    /// SPI: to any vCPU that is awake (GICD_IROUTER<n>.Interrupt_Routing_Mode).
    std::uint32_t any_target = 0;

    std::array<std::uint8_t, interrupts_per_bank> priority = {};
    std::array<std::uint16_t, interrupts_per_bank> physical = {};

    [[nodiscard]] std::uint32_t pending() const
    {
        return latch | ((line | (held & ~active)) & ~edge);
    }
    /// Those of which a change can concern a vCPU or the physical GIC at once.
    [[nodiscard]] std::uint32_t engaged() const
    {
        return latch | line | active | resident | linked;
    }
    /// INTIDs 1020 to 1023 do not (IHI 0069, 2.2.1).
    [[nodiscard]] std::uint32_t existing() const { return index == 31 ? 0x0fff'ffff : ~0U; }
    [[nodiscard]] bool is_private_of(VcpuId vcpu) const
    {
        return index == 0 && owner == vcpu.value();
    }
};

struct alignas(cache_line) SharedBank : Bank {
    /// GICv3: affinity as in GICD_IROUTER<n>, Aff3 in bits 31:24. GICv2: mask of vCPUs.
    std::array<std::uint32_t, interrupts_per_bank> route = {};
    /// The vCPU in whose waiting set or list register it is, or was last.
    std::array<std::uint8_t, interrupts_per_bank> holder = {};
};

/// One interrupt: a bit of a bank. Private interrupts are held by the vCPU they belong to.
struct Interrupt {
    Bank* bank;
    Intid id;
    VcpuId holder;

    [[nodiscard]] unsigned position() const { return id.value() % interrupts_per_bank; }
    [[nodiscard]] std::uint32_t mask() const { return mask_of(position()); }
    [[nodiscard]] bool is_sgi() const { return id.value() < first_ppi; }
    [[nodiscard]] bool is_shared() const { return id.value() >= first_spi; }
    /// May the CPU that runs this vCPU speak of its physical interrupt?
    [[nodiscard]] bool is_of(VcpuId vcpu) const { return is_shared() || holder == vcpu; }
    [[nodiscard]] bool is(std::uint32_t Bank::* word) const { return (bank->*word & mask()) != 0; }
    void set(std::uint32_t Bank::* word) const { bank->*word |= mask(); }
    void clear(std::uint32_t Bank::* word) const { bank->*word &= ~mask(); }
    void assign(std::uint32_t Bank::* word, bool value) const
    {
        bank->*word = (bank->*word & ~mask()) | (value ? mask() : 0);
    }
    [[nodiscard]] bool is_resident_elsewhere(VcpuId running) const
    {
        return is(&Bank::resident) && holder != running;
    }
    [[nodiscard]] bool has_level_line() const { return (bank->line & ~bank->edge & mask()) != 0; }
    [[nodiscard]] std::uint8_t priority() const { return bank->priority[position()]; }
    [[nodiscard]] Intid physical() const { return Intid{bank->physical[position()]}; }
};

/// Pending in a list register, and nothing else to it.
inline machine::ListRegister pending_form(Interrupt i)
{
    using Lr = machine::ListRegister;
    return Lr{}
        .with(Lr::vintid, i.id)
        .with(Lr::priority, i.priority())
        .with(Lr::group1, i.is(&Bank::group1))
        .with(Lr::state, Lr::State::pending);
}

/// Where a device's interrupt is in RunningVcpu::device_list_register.
inline unsigned entry_of(Interrupt i)
{
    return i.physical().value() % machine::RunningVcpu::devices;
}

/// One vCPU's side of the GIC: its private interrupts, and what is on its way to it.
struct alignas(cache_line) CpuInterface {
    Bank own;
    VcpuId id{};
    sched::Unit* unit = nullptr;
    /// Its list registers are those of the CPU it runs on.
    bool loaded = false;
    /// GICR_WAKER.ProcessorSleep.
    bool asleep = true;
    /// Some wait outside the list registers because these are full; among them active ones.
    bool crowded = false;
    bool spilled = false;
    /// machine::RunningVcpu::timer_list_register is to be thought over.
    bool timers_changed = false;
    /// More changed than `changed_slots`, since the last flush.
    bool flush_due = false;
    /// Several interrupts change at once: the flush comes after the last one.
    bool gathering = false;
    /// Of those that wait, one may be more urgent than those in the list registers.
    bool contested = false;
    /// Others want back what is lent to it.
    bool recalled = false;
    machine::Maintenance requested = {};
    /// The groups that the guest's CPU interface let through then.
    unsigned requested_groups = 0;
    /// Where the linked SPIs that are for it were routed to.
    CpuId last_cpu{~std::uint32_t{0}};

    // The list registers, a bit or an element each: in use; written, or last seen, pending; not
    // holding any more what memory says.
    std::uint32_t used = 0;
    std::uint32_t pending_slots = 0;
    std::uint32_t changed_slots = 0;
    /// Bits 9:0 the interrupt, 12:10 the sender of a GICv2 SGI.
    std::array<std::uint16_t, most_list_registers> slot = {};
    /// As they were written: the guest has done nothing to those that still read so.
    std::array<machine::ListRegister, most_list_registers> written = {};

    /// Those that want into a list register, a word per bank, and which words are not 0.
    std::array<std::uint32_t, most_banks> waiting = {};
    std::uint32_t waiting_banks = 0;

    /// The timers' interrupts, 0 if there is none, and their bits in `own`.
    std::array<Intid, most_timers> timer = {};
    std::uint32_t timer_mask = 0;

    /// Which SPIs the interrupt path has in device_list_register.
    std::array<Intid, machine::RunningVcpu::devices> device = {};

    /// GICv2: from which vCPUs each SGI is pending, and from which one it is active.
    std::array<std::uint8_t, first_ppi> sgi_sources = {};
    std::array<std::uint8_t, first_ppi> sgi_active_source = {};

    /// When its list registers were last folded, and when it asked others to fold theirs, on the
    /// clock of such requests.
    std::uint64_t folded_at = 0;
    std::uint64_t asked_at = 0;

    [[nodiscard]] Intid slot_id(unsigned n) const { return Intid{slot[n] & 0x3ffU}; }
    [[nodiscard]] std::uint8_t slot_source(unsigned n) const
    {
        return static_cast<std::uint8_t>(slot[n] >> 10);
    }
    /// Where a resident interrupt is.
    [[nodiscard]] unsigned slot_of(Intid interrupt) const
    {
        std::uint32_t left = used;
        for (;;) {
            const auto n = static_cast<unsigned>(std::bit_width(left)) - 1;
            if (slot_id(n) == interrupt) return n;
            left &= ~mask_of(n);
        }
    }
    [[nodiscard]] bool is_timer(Intid interrupt) const
    {
        return interrupt.value() < first_spi && (timer_mask & mask_of(interrupt.value())) != 0;
    }
};

} // namespace bulkhead::device
