#include "arm64/cpu_setup.hpp"

#include "arm64/hcr.hpp"
#include "arm64/id_registers.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"
#include "memory/stage2_map.hpp"

extern "C" const char vectors[], vectors_gicv2[];

namespace bulkhead::arm64 {
namespace {

BULKHEAD_SYSTEM_REGISTER(ID_AA64MMFR0_EL1);
BULKHEAD_SYSTEM_REGISTER(ID_AA64MMFR1_EL1);
BULKHEAD_SYSTEM_REGISTER(PMCR_EL0);

/// CPTR_EL2 (Arm ARM D17.2.34): SVE, SME and the trace unit trap; floating point does not.
constexpr std::uint64_t trap_sve_sme_and_reserved = 0x33ff;
constexpr std::uint64_t trap_trace = bit(20);
constexpr std::uint64_t trap_activity_monitors = bit(30);
constexpr std::uint64_t trap_cpacr = bit(31);

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
    static constexpr Field<19, 19, bool> trap_trace_filter{};    // TTRF
};

Mdcr debug_and_pmu()
{
    // HPMN must be the number of counters to mean "all"; without a PMU there is nothing to trap.
    constexpr std::uint64_t implementation_defined = 0xf;
    const auto version = (debug_features() >> 8) & 0xf;
    const auto always = Mdcr{}.with(Mdcr::trap_profiling, true).with(Mdcr::trap_trace_filter, true);
    if (version == 0 || version == implementation_defined) return always;
    const auto counters = static_cast<std::uint8_t>((PMCR_EL0::read() >> 11) & 0x1f);
    return always.with(Mdcr::guest_counters, counters)
        .with(Mdcr::trap_pmcr, true)
        .with(Mdcr::trap_pmu, true);
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
    HCR_EL2::write(guest_hcr(false).raw());
    VTCR_EL2::write(memory::Stage2Map::vtcr().raw());
    VTTBR_EL2::write(0);
    CPTR_EL2::write(trap_sve_sme_and_reserved | trap_trace | trap_activity_monitors |
                    (has_scalable_vectors() ? trap_cpacr : 0));
    clear_newer_controls();
    HSTR_EL2::write(0);
    MDCR_EL2::write(debug_and_pmu().raw());
    CNTHCTL_EL2::write(el1_physical_counter | el1_physical_timer);
    CNTHP_CTL_EL2::write(0);
    ESR_EL2::write(0); // no guest has trapped yet (machine::last_exit)
    VPIDR_EL2::write(MIDR_EL1::read());
    // A VMID's translations from before this hypervisor ran mean nothing.
    asm volatile("tlbi alle1\n\tdsb nsh" : : : "memory");
    isb();
}

} // namespace bulkhead::arm64
