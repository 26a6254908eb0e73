#pragma once

#include "base/register.hpp"
#include "base/types.hpp"

#include <cstdint>

namespace bulkhead::machine {

/// List register, GICv3: ICH_LR<n>_EL2 (GIC architecture specification, 12.4.9).
/// One virtual interrupt on its way to the running vCPU. A GICv2 host has GICH_LR<n>
/// (GICv2 5.3.12), with fewer bits; its driver translates.
struct ListRegister : Register<ListRegister, std::uint64_t> {
    enum class State : std::uint8_t { invalid = 0, pending = 1, active = 2, pending_active = 3 };

    static constexpr Field<31, 0, Intid> vintid{};
    /// hardware = 1: the physical interrupt that the guest's deactivation ends as well.
    static constexpr Field<44, 32, Intid> pintid{};
    /// hardware = 0: a maintenance interrupt when the guest ends this interrupt.
    static constexpr Overlay<41, 41, bool> eoi{};
    /// GICv2 hosts, SGI only: the CPU interface that sent it (GICH_LR<n>.CPUID).
    static constexpr Overlay<34, 32, std::uint8_t> source{};
    static constexpr Field<55, 48, std::uint8_t> priority{};
    static constexpr Field<60, 60, bool> group1{};
    static constexpr Field<61, 61, bool> hardware{};
    static constexpr Field<63, 62, State> state{};
};
static_assert(ListRegister{}
                  .with(ListRegister::hardware, true)
                  .with(ListRegister::vintid, Intid{27})
                  .with(ListRegister::pintid, Intid{27})
                  .raw() == 0x2000'001b'0000'001b);
static_assert(sizeof(ListRegister) == 8);

/// Causes of the maintenance interrupt besides ListRegister::eoi (ICH_HCR_EL2, GICH_HCR).
struct Maintenance {
    /// At most one list register holds an interrupt (UIE).
    bool underflow = false;
    /// No list register is pending (NPIE).
    bool no_pending = false;
    /// The guest ended an interrupt that is in no list register (LRENPIE).
    bool entry_not_present = false;
    /// The guest enables or disables a group at its CPU interface, as seen from its present setting
    /// (VGrp0EIE or VGrp0DIE, VGrp1EIE or VGrp1DIE).
    bool group_change = false;
    /// Trap the guest's writes to ICC_DIR_EL1 (TDIR): only so is it known which of several active
    /// interrupts outside the list registers was meant. GICv2's always trap.
    bool trap_deactivation = false;

    bool operator==(const Maintenance&) const = default;
};

/// The virtual CPU interface of this CPU: what the running vCPU sees of its GIC without a trap.
[[nodiscard]] unsigned list_register_count();
[[nodiscard]] ListRegister read_list_register(unsigned index);
void write_list_register(unsigned index, ListRegister value);
/// Bit n is set if list register n holds nothing and may be written (ICH_ELRSR_EL2).
[[nodiscard]] std::uint32_t empty_list_registers();
void request_maintenance(Maintenance causes);
/// How many interrupts the guest ended that were in no list register, and sets that back to 0
/// (ICH_HCR_EL2.EOIcount).
[[nodiscard]] unsigned take_end_of_interrupt_count();
/// The form in which the interrupt path stores a list register, without translating it.
[[nodiscard]] std::uint64_t native_list_register(ListRegister value);
/// Moves the rest of the virtual CPU interface (priority mask, running priority, controls; not the
/// list registers) between this CPU and a vCPU's state.
struct GuestState;
void save_virtual_cpu_interface(GuestState& state);
void load_virtual_cpu_interface(const GuestState& state);
/// Groups that the guest enabled at its CPU interface: bit 0 group 0, bit 1 group 1
/// (ICH_VMCR_EL2.VENG0 and VENG1, GICH_VMCR.VMGrp0En and VMGrp1En).
[[nodiscard]] unsigned enabled_virtual_groups();
/// Priority bits of the virtual CPU interface (5 to 8): lower bits of a priority read as zero.
[[nodiscard]] unsigned virtual_priority_bits();

} // namespace bulkhead::machine
