// machine/list_register.hpp on the host's GIC: ICH_* system registers of GICv3 (IHI 0069, 12.4), or
// the memory-mapped GICH_* of GICv2 (IHI 0048, 5.3). Their controls have the same bits.

#include "arm64/system_register.hpp"
#include "base/register.hpp"
#include "driver/gic.hpp"
#include "machine/guest_state.hpp"
#include "machine/list_register.hpp"

namespace bulkhead::machine {

using namespace arm64;
using driver::gic;
using driver::Gich;

namespace {

BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP0R1_EL2, "S3_4_C12_C8_1");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP0R2_EL2, "S3_4_C12_C8_2");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP0R3_EL2, "S3_4_C12_C8_3");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP1R1_EL2, "S3_4_C12_C9_1");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP1R2_EL2, "S3_4_C12_C9_2");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP1R3_EL2, "S3_4_C12_C9_3");

/// ICH_HCR_EL2 and GICH_HCR.
struct InterfaceControl : Register<InterfaceControl, std::uint32_t> {
    static constexpr Field<0, 0, bool> enable{};
    static constexpr Field<1, 1, bool> underflow{};
    static constexpr Field<2, 2, bool> entry_not_present{};
    static constexpr Field<3, 3, bool> no_pending{};
    static constexpr Field<4, 4, bool> group0_enabled{}; // VGrp0EIE and so on
    static constexpr Field<5, 5, bool> group0_disabled{};
    static constexpr Field<6, 6, bool> group1_enabled{};
    static constexpr Field<7, 7, bool> group1_disabled{};
    static constexpr Field<14, 14, bool> trap_deactivation{}; // TDIR, GICv3 only
    static constexpr Field<31, 27, std::uint8_t> end_of_interrupt_count{};
};

/// ICH_VTR_EL2 and GICH_VTR.
struct InterfaceType : Register<InterfaceType, std::uint32_t> {
    static constexpr Field<4, 0, std::uint8_t> last_list_register{};
    static constexpr Field<28, 26, std::uint8_t> preemption_bits_less_one{};
    static constexpr Field<31, 29, std::uint8_t> priority_bits_less_one{};
};

InterfaceType type()
{
    return InterfaceType::from(gic().is_v3() ? static_cast<std::uint32_t>(ICH_VTR_EL2::read())
                                             : gic().v2().virtual_control().read(Gich::type));
}

InterfaceControl control()
{
    return InterfaceControl::from(gic().is_v3() ? static_cast<std::uint32_t>(ICH_HCR_EL2::read())
                                                : gic().v2().virtual_control().read(Gich::control));
}

void set_control(InterfaceControl value)
{
    if (gic().is_v3())
        ICH_HCR_EL2::write(value.raw());
    else
        gic().v2().virtual_control().write(Gich::control, value.raw());
}

/// ICH_AP0R<n>_EL2 and ICH_AP1R<n>_EL2 exist for 32 preemption levels each (12.4.1).
unsigned active_priority_registers()
{
    return 1U << (type().get(InterfaceType::preemption_bits_less_one) + 1 - 5);
}

} // namespace

unsigned list_register_count() { return type().get(InterfaceType::last_list_register) + 1U; }

unsigned virtual_priority_bits()
{
    // A GICv2 list register has five bits of priority.
    return gic().is_v3() ? type().get(InterfaceType::priority_bits_less_one) + 1U : 5;
}

ListRegister read_list_register(unsigned index)
{
    if (gic().is_v3()) return driver::Gicv3::read_list_register(index);
    return driver::from_gicv2(driver::GichListRegister::from(gic().v2().read_list_register(index)));
}

void write_list_register(unsigned index, ListRegister value)
{
    if (gic().is_v3())
        driver::Gicv3::write_list_register(index, value.raw());
    else
        gic().v2().write_list_register(index, driver::to_gicv2(value).raw());
}

std::uint64_t native_list_register(ListRegister value)
{
    return gic().is_v3() ? value.raw() : driver::to_gicv2(value).raw();
}

std::uint32_t empty_list_registers()
{
    return gic().is_v3() ? static_cast<std::uint32_t>(ICH_ELRSR_EL2::read())
                         : gic().v2().virtual_control().read(Gich::empty);
}

void request_maintenance(Maintenance causes)
{
    const auto groups = causes.group_change ? enabled_virtual_groups() : 0U;
    const bool group0 = (groups & 1) != 0;
    const bool group1 = (groups & 2) != 0;
    // The count of ended interrupts is part of the register and must survive.
    set_control(
        control()
            .with(InterfaceControl::enable, true)
            .with(InterfaceControl::underflow, causes.underflow)
            .with(InterfaceControl::no_pending, causes.no_pending)
            .with(InterfaceControl::entry_not_present, causes.entry_not_present)
            .with(InterfaceControl::group0_enabled, causes.group_change && !group0)
            .with(InterfaceControl::group0_disabled, causes.group_change && group0)
            .with(InterfaceControl::group1_enabled, causes.group_change && !group1)
            .with(InterfaceControl::group1_disabled, causes.group_change && group1)
            .with(InterfaceControl::trap_deactivation, gic().is_v3() && causes.trap_deactivation));
}

unsigned enabled_virtual_groups()
{
    // VENG0 and VENG1, VMGrp0En and VMGrp1En: the lowest two bits of both.
    const auto control_of_guest = gic().is_v3()
                                      ? ICH_VMCR_EL2::read()
                                      : gic().v2().virtual_control().read(Gich::virtual_control);
    return static_cast<unsigned>(control_of_guest & 3);
}

unsigned take_end_of_interrupt_count()
{
    const auto value = control();
    const auto count = value.get(InterfaceControl::end_of_interrupt_count);
    if (count != 0) set_control(value.with(InterfaceControl::end_of_interrupt_count, 0));
    return count;
}

void save_virtual_cpu_interface(GuestState& state)
{
    if (!gic().is_v3()) {
        const auto registers = gic().v2().virtual_control();
        state.gic_vmcr = registers.read(Gich::virtual_control);
        state.gic_active_group0[0] = registers.read(Gich::active_priorities);
        return;
    }
    state.gic_vmcr = ICH_VMCR_EL2::read();
    switch (active_priority_registers()) {
    case 4:
        state.gic_active_group0[3] = ICH_AP0R3_EL2::read();
        state.gic_active_group1[3] = ICH_AP1R3_EL2::read();
        state.gic_active_group0[2] = ICH_AP0R2_EL2::read();
        state.gic_active_group1[2] = ICH_AP1R2_EL2::read();
        [[fallthrough]];
    case 2:
        state.gic_active_group0[1] = ICH_AP0R1_EL2::read();
        state.gic_active_group1[1] = ICH_AP1R1_EL2::read();
        [[fallthrough]];
    default:
        state.gic_active_group0[0] = ICH_AP0R0_EL2::read();
        state.gic_active_group1[0] = ICH_AP1R0_EL2::read();
    }
}

void load_virtual_cpu_interface(const GuestState& state)
{
    if (!gic().is_v3()) {
        const auto registers = gic().v2().virtual_control();
        registers.write(Gich::virtual_control, static_cast<std::uint32_t>(state.gic_vmcr));
        registers.write(Gich::active_priorities,
                        static_cast<std::uint32_t>(state.gic_active_group0[0]));
        return;
    }
    ICH_VMCR_EL2::write(state.gic_vmcr);
    switch (active_priority_registers()) {
    case 4:
        ICH_AP0R3_EL2::write(state.gic_active_group0[3]);
        ICH_AP1R3_EL2::write(state.gic_active_group1[3]);
        ICH_AP0R2_EL2::write(state.gic_active_group0[2]);
        ICH_AP1R2_EL2::write(state.gic_active_group1[2]);
        [[fallthrough]];
    case 2:
        ICH_AP0R1_EL2::write(state.gic_active_group0[1]);
        ICH_AP1R1_EL2::write(state.gic_active_group1[1]);
        [[fallthrough]];
    default:
        ICH_AP0R0_EL2::write(state.gic_active_group0[0]);
        ICH_AP1R0_EL2::write(state.gic_active_group1[0]);
    }
}

} // namespace bulkhead::machine
