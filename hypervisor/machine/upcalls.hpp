#pragma once

#include "base/types.hpp"
#include "machine/guest_registers.hpp"
#include "machine/mmio.hpp"
#include "machine/running_vcpu.hpp"

#include <cstdint>
#include <string_view>

/// The other direction of the seam: what the processor's side calls when the running guest traps
/// or an interrupt arrives. Portable rooms implement these; `vcpu` is the one on the calling CPU.
namespace bulkhead::upcall {

using machine::GuestRegisters;
using machine::RunningVcpu;

/// A load or store of a guest, of 1, 2, 4 or 8 bytes, at an address that is no RAM of its. Of
/// `value` the low `size` bytes count.
[[gnu::noinline]] machine::MmioRead read_mmio(RunningVcpu& vcpu, GuestAddress address,
                                              unsigned size);
[[gnu::noinline]] machine::MmioResult write_mmio(RunningVcpu& vcpu, GuestAddress address,
                                                 unsigned size, std::uint64_t value);

/// The same by an instruction that the processor does not describe: it is read from where the guest
/// is, and carried out but for going on to the next.
[[gnu::noinline]] machine::MmioResult
undescribed_access(RunningVcpu& vcpu, GuestRegisters& registers, GuestAddress address);

/// HVC #0xEA1: a hypercall of Xen's ABI, number in x16, result in x0.
[[gnu::noinline]] void hypercall(RunningVcpu& vcpu, GuestRegisters& registers);

/// HVC #0 or SMC #0: a call by the SMC calling convention. Results in x0-x3.
[[gnu::noinline]] void firmware_call(RunningVcpu& vcpu, GuestRegisters& registers);

/// ICC_SGI1R_EL1 was written, or ICC_SGI0R_EL1 or ICC_ASGI1R_EL1, which with one security state
/// reach SGIs of group 0 only (GICv3, 12.1.10).
enum class SgiGroup : std::uint8_t { any, group0_only };
void send_sgi(RunningVcpu& vcpu, std::uint64_t value, SgiGroup group);
/// A trapped write of ICC_DIR_EL1.
void deactivate(RunningVcpu& vcpu, Intid intid);

/// WFI that traps.
void wait_for_interrupt(RunningVcpu& vcpu);

/// An interrupt of the guest's own hardware arrived and the short way could not deliver it. It is
/// active, and its priority dropped.
void guest_interrupt(RunningVcpu& vcpu, Intid physical);
/// Attention::interrupts is wanted, and nothing else: that is done here.
void interrupts_changed(RunningVcpu& vcpu);
/// The virtual CPU interface asks for service.
void maintenance_interrupt(RunningVcpu& vcpu);

/// The guest gets an abort for what it tried at an address that is nothing of its.
void refused(RunningVcpu& vcpu, std::string_view what, GuestAddress address);

/// Another CPU sent machine::send_reschedule().
void look_up(RunningVcpu& vcpu);

/// The calling CPU's alarm (machine::set_alarm).
void alarm();

/// Attention is wanted, or the guest cannot go on: decides what this CPU runs next and puts its
/// registers into `registers`. Returns when there is something to run.
void reconsider(GuestRegisters& registers);

/// An SError while the vCPU ran: its domain crashes, or the machine stops (`serrors=`).
void system_error(RunningVcpu& vcpu);

/// The name of the domain that runs there, for a panic.
std::string_view describe(RunningVcpu& vcpu);

} // namespace bulkhead::upcall
