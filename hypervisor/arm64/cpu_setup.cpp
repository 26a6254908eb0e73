#include "arm64/cpu_setup.hpp"

#include "arm64/hcr.hpp"
#include "arm64/id_registers.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"
#include "base/read_only_after_boot.hpp"
#include "memory/stage2_map.hpp"

#include <algorithm>

extern "C" const char vectors[], vectors_gicv2[];

namespace bulkhead::arm64 {
namespace {

BULKHEAD_SYSTEM_REGISTER(ID_AA64MMFR0_EL1);
BULKHEAD_SYSTEM_REGISTER(PMCR_EL0);
BULKHEAD_SYSTEM_REGISTER(PMCNTENCLR_EL0);
BULKHEAD_SYSTEM_REGISTER(PMINTENCLR_EL1);
BULKHEAD_SYSTEM_REGISTER(PMOVSCLR_EL0);
BULKHEAD_SYSTEM_REGISTER(PMUSERENR_EL0);

BULKHEAD_SYSTEM_REGISTER_AS(ZCR_EL1, "S3_0_C1_C2_0");
BULKHEAD_SYSTEM_REGISTER_AS(ZCR_EL2, "S3_4_C1_C2_0");

/// CPTR_EL2 (Arm ARM D17.2.34): SME and the trace unit trap; floating point does not.
constexpr std::uint64_t trap_sme_and_reserved = 0x32ff;
constexpr std::uint64_t trap_sve = bit(8);
constexpr std::uint64_t trap_trace = bit(20);
constexpr std::uint64_t trap_activity_monitors = bit(30);
constexpr std::uint64_t trap_cpacr = bit(31);

constexpr unsigned most_vector_bits = 2048;
/// What the CPU with the shortest vectors lacks.
READ_ONLY_AFTER_BOOT constinit unsigned missing_vector_bits = 0;

/// Of this CPU.
unsigned longest_vector_bits()
{
    if (!has_sve()) return 0;
    give_sve(most_vector_bits);
    std::uint64_t bytes = 0;
    asm volatile(".arch_extension sve\n\trdvl %0, #1" : "=r"(bytes));
    return static_cast<unsigned>(bytes * 8);
}

/// CNTHCTL_EL2 (D17.11.2): a guest that owns its CPU owns the physical timer and counter as well.
constexpr std::uint64_t el1_physical_counter = bit(0);
constexpr std::uint64_t el1_physical_timer = bit(1);

/// MDCR_EL2 (D17.3.17): PMU, statistical profiling and trace filters trap, the buffers of the
/// latter two belong to EL2, and debug belongs to the guest.
struct Mdcr : Register<Mdcr, std::uint64_t> {
    static constexpr Field<4, 0, std::uint8_t> guest_counters{}; // HPMN
    static constexpr Field<5, 5, bool> trap_pmcr{};              // TPMCR
    static constexpr Field<6, 6, bool> trap_pmu{};               // TPM
    static constexpr Field<14, 14, bool> trap_profiling{};       // TPMS
    /// HPMD, HCCD: the guest's counters stand still in EL2.
    static constexpr Field<17, 17, bool> no_events_in_el2{};
    static constexpr Field<23, 23, bool> no_cycles_in_el2{};
    static constexpr Field<19, 19, bool> trap_trace_filter{}; // TTRF
};

Mdcr debug_and_pmu()
{
    // HPMN must be the number of counters to mean "all".
    const auto counters = has_pmu() ? PMCR_EL0::read() >> 11 & 0x1f : 0;
    return Mdcr{}
        .with(Mdcr::guest_counters, static_cast<std::uint8_t>(counters))
        .with(Mdcr::trap_pmcr, true)
        .with(Mdcr::trap_pmu, true)
        .with(Mdcr::trap_profiling, true)
        .with(Mdcr::no_events_in_el2, true)
        .with(Mdcr::trap_trace_filter, true)
        .with(Mdcr::no_cycles_in_el2, true);
}

/// Armv8.6's fine-grained traps and 8.7's HCRX_EL2 come up with any value. 0: nothing more traps,
/// but for the features that are hidden from guests, whose bits enable.
void clear_newer_controls()
{
    if ((ID_AA64MMFR0_EL1::read() >> 56 & 0xf) != 0)
        asm volatile("msr S3_4_C1_C1_4, xzr\n\t" // HFGRTR_EL2
                     "msr S3_4_C1_C1_5, xzr\n\t" // HFGWTR_EL2
                     "msr S3_4_C1_C1_6, xzr\n\t" // HFGITR_EL2
                     "msr S3_4_C3_C1_4, xzr\n\t" // HDFGRTR_EL2
                     "msr S3_4_C3_C1_5, xzr");   // HDFGWTR_EL2
    if ((ID_AA64MMFR1_EL1::read() >> 40 & 0xf) != 0)
        asm volatile("msr S3_4_C1_C2_2, xzr"); // HCRX_EL2
}

} // namespace

void set_up_cpu(bool gicv3)
{
    VBAR_EL2::write(reinterpret_cast<std::uint64_t>(gicv3 ? vectors : vectors_gicv2));
    HCR_EL2::write(guest_hcr().raw());
    VTCR_EL2::write(memory::Stage2Map::vtcr().raw());
    VTTBR_EL2::write(0);
    missing_vector_bits = std::max(missing_vector_bits, most_vector_bits - longest_vector_bits());
    give_sve(0);
    clear_newer_controls();
    HSTR_EL2::write(0);
    MDCR_EL2::write(debug_and_pmu().raw());
    stop_pmu();
    CNTHCTL_EL2::write(el1_physical_counter | el1_physical_timer);
    CNTHP_CTL_EL2::write(0);
    ESR_EL2::write(0); // no guest has trapped yet (machine::last_exit)
    VPIDR_EL2::write(MIDR_EL1::read());
    // A VMID's translations from before this hypervisor ran mean nothing.
    asm volatile("tlbi alle1\n\tdsb nsh" : : : "memory");
    isb();
}

void give_pmu(bool to_guest)
{
    MDCR_EL2::write(Mdcr::from(MDCR_EL2::read())
                        .with(Mdcr::trap_pmcr, !to_guest)
                        .with(Mdcr::trap_pmu, !to_guest)
                        .raw());
}

bool guest_has_pmu() { return !Mdcr::from(MDCR_EL2::read()).get(Mdcr::trap_pmu); }

/// The guest's CPACR_EL1 shows it no vectors that it has not.
void give_sve(unsigned bits)
{
    const bool is_hidden = bits == 0 && has_sve();
    CPTR_EL2::write(trap_sme_and_reserved | trap_trace | trap_activity_monitors |
                    (bits == 0 ? trap_sve : 0) | (is_hidden || has_sme() ? trap_cpacr : 0));
    if (bits == 0) return;
    isb();
    ZCR_EL1::write(0);
    ZCR_EL2::write(bits / 128 - 1);
    isb();
}

bool guest_has_sve() { return (CPTR_EL2::read() & trap_sve) == 0; }

unsigned common_vector_bits() { return most_vector_bits - missing_vector_bits; }

void stop_pmu()
{
    if (!has_pmu()) return;
    constexpr std::uint64_t everything = 0xffff'ffff;
    PMCR_EL0::write(0b110); // P, C: all counters are zero; E: none counts
    PMCNTENCLR_EL0::write(everything);
    PMINTENCLR_EL1::write(everything);
    PMOVSCLR_EL0::write(everything);
    PMUSERENR_EL0::write(0);
}

} // namespace bulkhead::arm64
