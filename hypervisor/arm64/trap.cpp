// Synchronous exceptions and SErrors from the guest: the syndrome becomes plain values here, and
// what to do about it is decided by the rooms behind machine/upcalls.hpp.

#include "arm64/esr.hpp"
#include "arm64/inject.hpp"
#include "arm64/system_register.hpp"
#include "arm64/system_register_trap.hpp"
#include "machine/cpu.hpp"
#include "machine/guest_state.hpp"
#include "machine/upcalls.hpp"

namespace bulkhead::arm64 {
namespace {

using machine::GuestRegisters;
using machine::MmioResult;
using machine::RunningVcpu;

constexpr std::uint16_t xen_hypercall = 0xea1;

/// HPFAR_EL2.FIPA is the page, FAR_EL2 has the offset in it (Arm ARM D17.2.60).
GuestAddress faulting_address()
{
    return GuestAddress{(HPFAR_EL2::read() >> 4) << 12 | (FAR_EL2::read() & bits(11, 0))};
}

/// Is HPFAR_EL2 there: for translation and permission faults only.
bool has_fault_page(Esr esr)
{
    const auto fault = esr.get(Esr::fault_status) & ~3U;
    return fault == fault_status::translation || fault == fault_status::permission;
}

/// What a load puts into its register, from `value` with the rest of its bits zero.
std::uint64_t loaded(std::uint64_t value, Esr esr)
{
    if (!esr.get(Esr::sign_extend)) return value;
    value = sign_extended(value, 8U << esr.get(Esr::access_size));
    return esr.get(Esr::register_is_64_bit) ? value : value & bits(31, 0);
}

/// vectors.S: x19-x28 are registers of the guest's that C++ preserves, and are in the frame only
/// where an instruction names one.
extern "C" void with_all_registers(RunningVcpu& vcpu, GuestRegisters& registers, Esr esr);
constexpr bool is_preserved(unsigned index) { return index - 19 < 10; }

/// No device answers, or none can: it is exclusive, atomic, of vectors or of a cache's maintenance,
/// by the table walker, or no fault of stage 2.
[[gnu::noinline, gnu::cold]] void refuse_access(Esr esr)
{
    const auto* const what = esr.get(Esr::is_write) ? "write to" : "read of";
    if (has_fault_page(esr)) upcall::refused(machine::running_vcpu(), what, faulting_address());
    inject_data_abort(FAR_EL2::read(), esr);
}

void finish(MmioResult result, Esr esr)
{
    if (result == MmioResult::done) [[likely]]
        return skip_instruction(esr);
    if (result == MmioResult::abort) refuse_access(esr);
}

[[gnu::noinline]] void data_abort(RunningVcpu& vcpu, GuestRegisters& registers, Esr esr)
{
    if (!has_fault_page(esr)) return refuse_access(esr);
    const auto index = esr.get(Esr::transfer_register);
    const unsigned size = 1U << esr.get(Esr::access_size);
    if (esr.get(Esr::is_write))
        return finish(upcall::write_mmio(vcpu, faulting_address(), size, registers.operand(index)),
                      esr);
    const auto read = upcall::read_mmio(vcpu, faulting_address(), size);
    if (read.access == MmioResult::done) registers.set_operand(index, loaded(read.value, esr));
    finish(read.access, esr);
}

/// Without a syndrome (Arm ARM D17.2.37, ISV): pairs, and what changes its base register. Table
/// walks have none either.
[[gnu::noinline, gnu::cold]] void undescribed_abort(RunningVcpu& vcpu, GuestRegisters& registers,
                                                    Esr esr)
{
    if (!has_fault_page(esr) || esr.get(Esr::stage1_walk) || esr.get(Esr::cache_maintenance))
        return refuse_access(esr);
    finish(upcall::undescribed_access(vcpu, registers, faulting_address()), esr);
}

/// Whatever is not told apart at once.
[[gnu::noinline, gnu::cold]] void other_trap(RunningVcpu& vcpu, GuestRegisters& registers, Esr esr)
{
    switch (esr.get(Esr::exception_class)) {
    case Esr::Class::hvc:
        // HVC completes before it traps; an undefined one must not seem to have.
        ELR_EL2::write(ELR_EL2::read() - 4);
        inject_undefined();
        break;
    case Esr::Class::smc:
        // Unlike HVC, a trapped SMC has not completed (Arm ARM D1.3.6.4).
        if (esr.get(Esr::immediate) == 0) {
            skip_instruction(esr);
            upcall::firmware_call(vcpu, registers);
        } else {
            inject_undefined();
        }
        break;
    case Esr::Class::instruction_abort_lower:
        upcall::refused(vcpu, "fetch from", faulting_address());
        inject_instruction_abort(FAR_EL2::read(), esr);
        break;
    case Esr::Class::wait:
        skip_instruction(esr);
        // WFE needs no wake-up event: it may always complete at once.
        if (!esr.get(Esr::is_wfe)) upcall::wait_for_interrupt(vcpu);
        break;
    default: inject_undefined(); break;
    }
}

} // namespace

extern "C" {

/// An instruction that names a register, or may, with all of them in the frame.
[[gnu::cold]] void carry_out(RunningVcpu& vcpu, GuestRegisters& registers, Esr esr)
{
    if (esr.get(Esr::exception_class) != Esr::Class::data_abort_lower)
        return trap_system_register(vcpu, registers, esr);
    if (!esr.get(Esr::syndrome_valid)) return undescribed_abort(vcpu, registers, esr);
    data_abort(vcpu, registers, esr);
}

/// Called from vectors.S, which looks at the vCPU's attention then.
void synchronous_from_guest(RunningVcpu& vcpu, GuestRegisters& registers)
{
    const auto esr = Esr::from(ESR_EL2::read());
    switch (esr.get(Esr::exception_class)) {
    case Esr::Class::data_abort_lower:
        if (!esr.get(Esr::syndrome_valid) || is_preserved(esr.get(Esr::transfer_register)))
            return with_all_registers(vcpu, registers, esr);
        return data_abort(vcpu, registers, esr);
    case Esr::Class::system_register:
        if (is_preserved(esr.get(Esr::system_transfer_register)))
            return with_all_registers(vcpu, registers, esr);
        if ((esr.raw() & (Esr::register_mask | 1)) == icc_sgi1r) [[likely]] {
            const auto value = registers.operand(esr.get(Esr::system_transfer_register));
            upcall::send_sgi(vcpu, value, upcall::SgiGroup::any);
            return skip_instruction(esr);
        }
        return trap_system_register(vcpu, registers, esr);
    case Esr::Class::hvc:
        if (esr.get(Esr::immediate) == xen_hypercall) return upcall::hypercall(vcpu, registers);
        if (esr.get(Esr::immediate) == 0) return upcall::firmware_call(vcpu, registers);
        [[fallthrough]];
    default: return other_trap(vcpu, registers, esr);
    }
}

void system_error_from_guest(GuestRegisters& /*registers*/, RunningVcpu& vcpu)
{
    // Without RAS the syndrome says nothing about that.
    const auto esr = Esr::from(ESR_EL2::read());
    if (esr.get(Esr::fault_status) == fault_status::asynchronous) {
        if (esr.get(Esr::severity) == Esr::Severity::corrected) return;
        if (esr.get(Esr::severity) == Esr::Severity::uncontainable)
            machine::halt("an uncontainable error of the hardware");
    }
    upcall::system_error(vcpu);
}
}

} // namespace bulkhead::arm64

/// An interrupt leaves ESR_EL2 as the last trap made it (Arm ARM D1.3.2).
bulkhead::machine::LastExit bulkhead::machine::last_exit()
{
    using namespace arm64;
    const auto esr = Esr::from(ESR_EL2::read());
    switch (esr.get(Esr::exception_class)) {
    case Esr::Class::unknown: return {"none"};
    case Esr::Class::wait: return {"WFI or WFE"};
    case Esr::Class::hvc: return {"HVC"};
    case Esr::Class::smc: return {"SMC"};
    case Esr::Class::system_register: return {"system register"};
    case Esr::Class::data_abort_lower: return {"data abort at", faulting_address()};
    case Esr::Class::instruction_abort_lower: return {"instruction abort at", faulting_address()};
    default: return {"an exception that EL2 does not expect"};
    }
}
