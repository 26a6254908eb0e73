#pragma once

#include "machine/list_register.hpp"

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>

namespace bulkhead::test {

/// The GIC's virtual CPU interface, with its two sides: the list registers that a hypervisor fills,
/// and what a guest does to them (GIC architecture specification, IHI 0069, 6.1 and 8.4 to 8.6).
class VirtualCpuInterface {
public:
    using ListRegister = machine::ListRegister;
    static constexpr std::uint32_t spurious = 1023;

    unsigned list_registers = 4;
    unsigned priority_bits = 5;

    // The guest's settings: ICC_PMR_EL1, ICC_IGRPEN0/1_EL1, ICC_CTLR_EL1.EOImode.
    std::uint8_t priority_mask = 0xf8;
    std::array<bool, 2> group_enabled = {true, true};
    bool eoi_mode = false;

    /// What the physical GIC does when the guest deactivates a linked interrupt.
    std::function<void(Intid)> deactivate_physical;
    std::function<bool(Intid)> is_physical_active;

    // The guest's side.
    /// Reads ICC_IAR<n>_EL1 or GICV_IAR: the interrupt, with a GICv2 sender in bits 12:10.
    std::uint32_t acknowledge();
    /// Would be acknowledged now; signals the virtual IRQ or FIQ.
    [[nodiscard]] std::uint32_t highest_pending() const;
    void end_of_interrupt(std::uint32_t iar);
    /// ICC_DIR_EL1 or GICV_DIR. False: it traps to the hypervisor.
    [[nodiscard]] bool deactivate(std::uint32_t iar);
    [[nodiscard]] unsigned running_priority() const;
    /// Is the maintenance interrupt asserted?
    [[nodiscard]] bool needs_maintenance() const;

    // The hypervisor's side.
    [[nodiscard]] ListRegister read(unsigned index) const { return registers_.at(index); }
    /// Throws std::logic_error at what the architecture forbids.
    void write(unsigned index, ListRegister value);
    [[nodiscard]] std::uint32_t empty() const;
    void request(machine::Maintenance causes);
    [[nodiscard]] unsigned take_end_of_interrupt_count();
    /// The group enables, and the active priorities of each group.
    [[nodiscard]] const std::array<std::bitset<256>, 2>& active_priorities() const
    {
        return active_priorities_;
    }
    void set_active_priorities(const std::array<std::bitset<256>, 2>& value)
    {
        active_priorities_ = value;
    }

private:
    [[nodiscard]] int most_urgent() const;
    void end_state(ListRegister& lr) const;
    [[nodiscard]] ListRegister* find_active(std::uint32_t iar);

    std::array<ListRegister, 16> registers_ = {};
    std::array<std::bitset<256>, 2> active_priorities_ = {};
    machine::Maintenance requested_ = {};
    std::array<bool, 2> groups_when_requested_ = {};
    unsigned end_of_interrupt_count_ = 0;
};

} // namespace bulkhead::test
