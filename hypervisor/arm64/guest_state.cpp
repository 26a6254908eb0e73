// machine/guest_state.hpp on EL2: a vCPU's registers move between memory and this CPU.

#include "machine/guest_state.hpp"

#include "arm64/cpu_setup.hpp"
#include "arm64/hcr.hpp"
#include "arm64/id_registers.hpp"
#include "arm64/per_cpu.hpp"
#include "arm64/system_register.hpp"
#include "arm64/system_register_trap.hpp"
#include "machine/list_register.hpp"
#include "machine/time.hpp"

namespace bulkhead::arm64 {
namespace {

// What GuestState names in lower case, in one list: load and save cannot differ.
#define BULKHEAD_GUEST_REGISTERS(each)                                                             \
    each(sctlr_el1, SCTLR_EL1);                                                                    \
    each(cpacr_el1, CPACR_EL1);                                                                    \
    each(ttbr0_el1, TTBR0_EL1);                                                                    \
    each(ttbr1_el1, TTBR1_EL1);                                                                    \
    each(tcr_el1, TCR_EL1);                                                                        \
    each(esr_el1, ESR_EL1);                                                                        \
    each(afsr0_el1, AFSR0_EL1);                                                                    \
    each(afsr1_el1, AFSR1_EL1);                                                                    \
    each(far_el1, FAR_EL1);                                                                        \
    each(mair_el1, MAIR_EL1);                                                                      \
    each(amair_el1, AMAIR_EL1);                                                                    \
    each(vbar_el1, VBAR_EL1);                                                                      \
    each(contextidr_el1, CONTEXTIDR_EL1);                                                          \
    each(tpidr_el0, TPIDR_EL0);                                                                    \
    each(tpidrro_el0, TPIDRRO_EL0);                                                                \
    each(tpidr_el1, TPIDR_EL1);                                                                    \
    each(sp_el0, SP_EL0);                                                                          \
    each(sp_el1, SP_EL1);                                                                          \
    each(elr_el1, ELR_EL1);                                                                        \
    each(spsr_el1, SPSR_EL1);                                                                      \
    each(cntkctl_el1, CNTKCTL_EL1);                                                                \
    each(par_el1, PAR_EL1);                                                                        \
    each(csselr_el1, CSSELR_EL1);                                                                  \
    each(mdscr_el1, MDSCR_EL1);                                                                    \
    each(mdccint_el1, MDCCINT_EL1);                                                                \
    each(osdlr_el1, OSDLR_EL1);                                                                    \
    each(vmpidr_el2, VMPIDR_EL2);                                                                  \
    each(vttbr_el2, VTTBR_EL2);                                                                    \
    each(cntvoff_el2, CNTVOFF_EL2);                                                                \
    each(cntv_cval_el0, CNTV_CVAL_EL0);                                                            \
    each(cntp_cval_el0, CNTP_CVAL_EL0);                                                            \
    each(cntv_ctl_el0, CNTV_CTL_EL0);                                                              \
    each(cntp_ctl_el0, CNTP_CTL_EL0);                                                              \
    each(hcr_el2, HCR_EL2);                                                                        \
    each(pc, ELR_EL2);                                                                             \
    each(pstate, SPSR_EL2)

constexpr std::uint64_t el1h_all_masked = 0x3c5;
/// SCTLR_EL1 as Xen and PSCI leave it: RES1 bits, MMU and caches off (xen-arm.md, 3.9).
constexpr std::uint64_t sctlr_reset = 0x00c5'0078;

extern "C" {
// vector_registers.S, debug_registers.S
void save_vectors(std::uint64_t* vectors);
void load_vectors(const std::uint64_t* vectors);
void save_breakpoints(std::uint64_t* values, unsigned count);
void load_breakpoints(const std::uint64_t* values, unsigned count);
void save_watchpoints(std::uint64_t* values, unsigned count);
void load_watchpoints(const std::uint64_t* values, unsigned count);
}

} // namespace
} // namespace bulkhead::arm64

namespace bulkhead::machine {

using namespace arm64;

namespace {

BULKHEAD_SYSTEM_REGISTER(SP_EL0);
BULKHEAD_SYSTEM_REGISTER(SP_EL1);
BULKHEAD_SYSTEM_REGISTER(CNTV_CTL_EL0);
BULKHEAD_SYSTEM_REGISTER(CNTP_CTL_EL0);
BULKHEAD_SYSTEM_REGISTER(OSLAR_EL1);
BULKHEAD_SYSTEM_REGISTER(OSLSR_EL1);
BULKHEAD_SYSTEM_REGISTER_AS(FPSR, "S3_3_C4_C4_1");
BULKHEAD_SYSTEM_REGISTER_AS(FPCR, "S3_3_C4_C4_0");

// The five keys of pointer authentication, in their order (Arm ARM, D17.1.1: Op0 3, CRn 2).
#define BULKHEAD_KEYS(each)                                                                        \
    each(keys[0], S3_0_C2_C1_0);                                                                   \
    each(keys[1], S3_0_C2_C1_1);                                                                   \
    each(keys[2], S3_0_C2_C1_2);                                                                   \
    each(keys[3], S3_0_C2_C1_3);                                                                   \
    each(keys[4], S3_0_C2_C2_0);                                                                   \
    each(keys[5], S3_0_C2_C2_1);                                                                   \
    each(keys[6], S3_0_C2_C2_2);                                                                   \
    each(keys[7], S3_0_C2_C2_3);                                                                   \
    each(keys[8], S3_0_C2_C3_0);                                                                   \
    each(keys[9], S3_0_C2_C3_1)

unsigned breakpoints() { return static_cast<unsigned>(debug_features() >> 12 & 0xf) + 1; }
unsigned watchpoints() { return static_cast<unsigned>(debug_features() >> 20 & 0xf) + 1; }

/// vCPUs of a domain have a VMID in common, but not what their ASIDs mean, and their own TLB and
/// cache maintenance reaches no CPU but the one that they are on: a CPU starts anew with a vCPU
/// that comes from elsewhere, or after another one of its domain.
void forget_others(GuestState& state)
{
    auto& cpu = *running().cpu;
    auto& last = cpu.last_with_vmid[(state.vttbr_el2 >> 48) % max_cpus];
    if (last == &state && state.last_cpu == &cpu) return;
    last = &state;
    state.last_cpu = &cpu;
    isb(); // VTTBR_EL2
    asm volatile("tlbi vmalle1\n\tic iallu\n\tdsb nsh\n\tisb" : : : "memory");
}

} // namespace

void reset(GuestState& state, std::uint64_t entry, std::uint64_t argument)
{
    const GuestIdentity identity{state.vmpidr_el2, state.vttbr_el2, state.cntvoff_el2,
                                 state.has_pmu, state.sve_bits};
    state = {};
    set_identity(state, identity);
    state.pc = entry;
    state.pstate = el1h_all_masked;
    state.sctlr_el1 = sctlr_reset;
    state.cpacr_el1 = hidden_cpacr(state.sve_bits != 0);
    state.os_lock = 1;
    state.general.x[0] = argument;
}

void set_identity(GuestState& state, const GuestIdentity& identity)
{
    state.vmpidr_el2 = identity.affinity;
    state.vttbr_el2 = identity.vttbr;
    state.cntvoff_el2 = identity.counter_offset;
    state.hcr_el2 = guest_hcr().raw();
    state.has_pmu = identity.has_pmu;
    state.sve_bits = identity.sve_bits;
}

void load_guest(GuestState& state, GuestRegisters& general)
{
#define BULKHEAD_LOAD(member, name) asm volatile("msr " #name ", %0" : : "r"(state.member))
    BULKHEAD_GUEST_REGISTERS(BULKHEAD_LOAD);
    if (has_pointer_authentication()) {
        BULKHEAD_KEYS(BULKHEAD_LOAD);
    }
#undef BULKHEAD_LOAD
    forget_others(state);
    load_breakpoints(state.breakpoints.data(), breakpoints());
    load_watchpoints(state.watchpoints.data(), watchpoints());
    OSLAR_EL1::write(state.os_lock);
    give_pmu(state.has_pmu);
    if (state.sve_bits != 0 || guest_has_sve()) give_sve(state.sve_bits);
    load_vectors(state.vectors.data());
    FPSR::write(state.fpsr);
    FPCR::write(state.fpcr);
    load_virtual_cpu_interface(state);
    general = state.general;
}

void save_guest(GuestState& state, const GuestRegisters& general)
{
#define BULKHEAD_SAVE(member, name) asm volatile("mrs %0, " #name : "=r"(state.member))
    BULKHEAD_GUEST_REGISTERS(BULKHEAD_SAVE);
    if (has_pointer_authentication()) {
        BULKHEAD_KEYS(BULKHEAD_SAVE);
    }
#undef BULKHEAD_SAVE
    save_breakpoints(state.breakpoints.data(), breakpoints());
    save_watchpoints(state.watchpoints.data(), watchpoints());
    state.os_lock = OSLSR_EL1::read() >> 1 & 1; // OSLK
    discard_guest();
    save_vectors(state.vectors.data());
    state.fpsr = FPSR::read();
    state.fpcr = FPCR::read();
    save_virtual_cpu_interface(state);
    state.general = general;
}

Ticks timer_deadline(const GuestState& state, unsigned timer)
{
    // ENABLE, and not IMASK (Arm ARM D17.11.15, D17.11.22).
    const auto control = timer == 0 ? state.cntv_ctl_el0 : state.cntp_ctl_el0;
    if ((control & 3) != 1) return never;
    return Ticks{timer == 0 ? state.cntv_cval_el0 + state.cntvoff_el2 : state.cntp_cval_el0};
}

void discard_guest()
{
    CNTV_CTL_EL0::write(0);
    CNTP_CTL_EL0::write(0);
    if (guest_has_pmu()) stop_pmu();
    ESR_EL2::write(0); // what runs here next has not trapped yet
    // What it began, maintenance of TLBs and caches too, is done before it goes on elsewhere.
    dsb_ish();
}

void set_wait_traps(bool on)
{
    const auto hcr = Hcr::from(HCR_EL2::read());
    HCR_EL2::write(hcr.with(Hcr::trap_wfi, on).with(Hcr::trap_wfe, on).raw());
}

std::uint64_t guest_pc() { return ELR_EL2::read(); }
void set_guest_pc(std::uint64_t pc) { ELR_EL2::write(pc); }
std::uint64_t guest_pstate() { return SPSR_EL2::read(); }

/// PSTATE.SP, which EL0 has as 0.
static bool has_own_stack_pointer() { return (guest_pstate() & 1) != 0; }
std::uint64_t guest_stack_pointer()
{
    return has_own_stack_pointer() ? SP_EL1::read() : SP_EL0::read();
}
void set_guest_stack_pointer(std::uint64_t value)
{
    if (has_own_stack_pointer())
        SP_EL1::write(value);
    else
        SP_EL0::write(value);
}

} // namespace bulkhead::machine
