#pragma once

#include "base/types.hpp"
#include "machine/guest_registers.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace bulkhead::machine {

/// What a guest has of them, if the CPU has as many.
inline constexpr unsigned debug_breakpoints = 6;
inline constexpr unsigned debug_watchpoints = 4;

/// A vCPU's registers while it is not on a CPU: plain values, all zero but what reset() sets.
/// arm64/guest_state.cpp moves them.
struct GuestState {
    GuestRegisters general;
    std::uint64_t pc;
    std::uint64_t pstate;

    // EL1 and EL0 system registers, in the order in which they are moved.
    std::uint64_t sctlr_el1, cpacr_el1, ttbr0_el1, ttbr1_el1, tcr_el1;
    std::uint64_t esr_el1, afsr0_el1, afsr1_el1, far_el1, mair_el1, amair_el1, vbar_el1;
    std::uint64_t contextidr_el1, tpidr_el0, tpidrro_el0, tpidr_el1, sp_el0, sp_el1, elr_el1;
    std::uint64_t spsr_el1, cntkctl_el1, par_el1, csselr_el1, mdscr_el1, mdccint_el1;
    std::uint64_t osdlr_el1, os_lock;
    std::uint64_t cntv_ctl_el0, cntv_cval_el0, cntp_ctl_el0, cntp_cval_el0;

    /// DBGBVR<n>_EL1 and DBGBCR<n>_EL1, DBGWVR<n>_EL1 and DBGWCR<n>_EL1.
    std::array<std::uint64_t, 2 * debug_breakpoints> breakpoints;
    std::array<std::uint64_t, 2 * debug_watchpoints> watchpoints;
    /// APIAKeyLo_EL1 to APGAKeyHi_EL1, of pointer authentication.
    std::array<std::uint64_t, 10> keys;

    // What EL2 sets for this vCPU.
    std::uint64_t hcr_el2, vmpidr_el2, vttbr_el2, cntvoff_el2;
    bool has_pmu;
    unsigned sve_bits;
    /// The CPU that it was on last: nothing of another is in that one's TLBs and caches.
    const void* last_cpu;

    // The virtual CPU interface: ICH_VMCR_EL2, ICH_AP<n>R<m>_EL2, or GICH_VMCR and GICH_APR.
    std::uint64_t gic_vmcr;
    std::array<std::uint64_t, 4> gic_active_group0, gic_active_group1;

    /// V0-V31, FPSR, FPCR.
    alignas(16) std::array<std::uint64_t, 64> vectors;
    std::uint64_t fpsr, fpcr;
};

/// Registers as PSCI's CPU_ON and Linux's boot protocol want them: EL1h, all masked, MMU and caches
/// off; the first argument in x0.
void reset(GuestState& state, std::uint64_t entry, std::uint64_t argument);

/// What a domain's vCPU has for good.
struct GuestIdentity {
    /// VMPIDR_EL2: the affinity that the guest sees.
    std::uint64_t affinity;
    /// VTTBR_EL2 of the domain.
    std::uint64_t vttbr;
    /// Guest's virtual counter = physical counter - offset.
    std::uint64_t counter_offset;
    /// The CPU's PMU is the vCPU's, which has to stay there; its registers do not move.
    bool has_pmu;
    /// The longest SVE vectors that it may use, 0 for none. They do not move with it either.
    unsigned sve_bits;
};
void set_identity(GuestState& state, const GuestIdentity& identity);

/// Puts `state` on this CPU / takes it off. `general` is the trap frame of the CPU.
void load_guest(GuestState& state, GuestRegisters& general);
void save_guest(GuestState& state, const GuestRegisters& general);
/// When the virtual (0) or the physical timer (1) signals, as its registers stand; it may have.
[[nodiscard]] Ticks timer_deadline(const GuestState& state, unsigned timer);
/// Takes the guest off this CPU for good: its timers and its PMU stop.
void discard_guest();

/// Whether WFI and WFE of the guest that is on this CPU, and goes with it, leave the guest.
void set_wait_traps(bool on);
/// The guest that is on this CPU: where it was interrupted.
[[nodiscard]] std::uint64_t guest_pc();
void set_guest_pc(std::uint64_t pc);
[[nodiscard]] std::uint64_t guest_pstate();
/// The one that its instructions use, which depends on its state.
[[nodiscard]] std::uint64_t guest_stack_pointer();
void set_guest_stack_pointer(std::uint64_t value);
/// Why a guest last left this CPU by a trap.
struct LastExit {
    std::string_view what;
    /// Where it tried to get, if it was an abort.
    GuestAddress address{};
};
[[nodiscard]] LastExit last_exit();

} // namespace bulkhead::machine
