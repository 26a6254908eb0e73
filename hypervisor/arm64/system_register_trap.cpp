#include "arm64/system_register_trap.hpp"

#include "arm64/cpu_setup.hpp"
#include "arm64/id_registers.hpp"
#include "arm64/inject.hpp"
#include "arm64/system_register.hpp"

namespace bulkhead::arm64 {
namespace {

constexpr auto name = Esr::system_register;

// GICv3 (12.2): SGI generation always traps, since the guest's affinities are not the host's.
constexpr auto icc_asgi1r = name(3, 0, 12, 11, 6);
constexpr auto icc_sgi0r = name(3, 0, 12, 11, 7);
/// Traps while active interrupts are outside the list registers (ICH_HCR_EL2.TDIR).
constexpr auto icc_dir = name(3, 0, 12, 11, 1);
constexpr auto icc_sre = name(3, 0, 12, 12, 5);

constexpr auto actlr_el1 = name(3, 0, 1, 0, 1);
/// Traps where the CPU has vectors that the guest has not (cpu_setup.cpp): the guest's has no
/// fields for them, and the real one lets their instructions through to EL2's trap, which says
/// Undefined.
constexpr auto cpacr_el1 = name(3, 0, 1, 0, 2);
BULKHEAD_SYSTEM_REGISTER(CPACR_EL1);

bool is_id_register(std::uint32_t reg)
{
    constexpr auto space = name(3, 0, 0, 0, 0);
    constexpr auto op0_op1_crn = name(3, 7, 15, 0, 0);
    return (reg & op0_op1_crn) == space;
}

/// Implementation defined space (Arm ARM D17.3): Op0 1 or 3 with CRn 11 or 15.
bool is_implementation_defined(std::uint32_t reg)
{
    const auto crn = (reg >> 10) & 0xf;
    return ((reg >> 20) & 1) == 1 && (crn == 11 || crn == 15);
}

} // namespace

void trap_system_register(machine::RunningVcpu& vcpu, machine::GuestRegisters& registers, Esr esr)
{
    const auto reg = static_cast<std::uint32_t>(esr.raw()) & Esr::register_mask;
    const bool read = esr.get(Esr::is_read);
    const auto operand = esr.get(Esr::system_transfer_register);
    std::uint64_t value = registers.operand(operand);

    if (read) {
        if (is_id_register(reg)) {
            value = id_register(reg);
        } else if (reg == icc_sre) {
            value = 7; // system register interface, no bypass: RAO/WI
        } else if (reg == cpacr_el1) {
            value = CPACR_EL1::read() & ~hidden_cpacr(guest_has_sve());
        } else if (reg == actlr_el1 || is_implementation_defined(reg)) {
            value = 0;
        } else {
            return inject_undefined();
        }
        registers.set_operand(operand, value);
    } else {
        switch (reg) {
        case icc_sgi1r: upcall::send_sgi(vcpu, value, upcall::SgiGroup::any); break;
        case icc_dir:
            upcall::deactivate(vcpu, Intid{static_cast<std::uint32_t>(value) & 0xff'ffff});
            break;
        case icc_asgi1r:
        case icc_sgi0r: upcall::send_sgi(vcpu, value, upcall::SgiGroup::group0_only); break;
        case cpacr_el1: CPACR_EL1::write(value | hidden_cpacr(guest_has_sve())); break;
        case icc_sre:
        case actlr_el1: break;
        default:
            if (!is_implementation_defined(reg)) return inject_undefined();
        }
    }
    skip_instruction(esr);
}

} // namespace bulkhead::arm64
