#include "arm64/cpu_setup.hpp"

#include "arm64/hcr.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"
#include "memory/stage2_map.hpp"

extern "C" const char vectors[], vectors_gicv2[];

namespace bulkhead::arm64 {
namespace {

BULKHEAD_SYSTEM_REGISTER(ID_AA64DFR0_EL1);
BULKHEAD_SYSTEM_REGISTER(PMCR_EL0);

/// CPTR_EL2 (Arm ARM D17.2.34): SVE, SME and the trace unit trap; floating point does not.
constexpr std::uint64_t trap_sve_sme_and_reserved = 0x33ff;
constexpr std::uint64_t trap_trace = bit(20);
constexpr std::uint64_t trap_activity_monitors = bit(30);

/// CNTHCTL_EL2 (D17.11.2): a guest that owns its CPU owns the physical timer and counter as well.
constexpr std::uint64_t el1_physical_counter = bit(0);
constexpr std::uint64_t el1_physical_timer = bit(1);

/// MDCR_EL2 (D17.3.17): the PMU traps, and debug belongs to the guest.
struct Mdcr : Register<Mdcr, std::uint64_t> {
    static constexpr Field<4, 0, std::uint8_t> guest_counters{}; // HPMN
    static constexpr Field<5, 5, bool> trap_pmcr{};              // TPMCR
    static constexpr Field<6, 6, bool> trap_pmu{};               // TPM
};

Mdcr debug_and_pmu()
{
    // HPMN must be the number of counters to mean "all"; without a PMU there is nothing to trap.
    constexpr std::uint64_t implementation_defined = 0xf;
    const auto version = (ID_AA64DFR0_EL1::read() >> 8) & 0xf;
    if (version == 0 || version == implementation_defined) return Mdcr{};
    const auto counters = static_cast<std::uint8_t>((PMCR_EL0::read() >> 11) & 0x1f);
    return Mdcr{}
        .with(Mdcr::guest_counters, counters)
        .with(Mdcr::trap_pmcr, true)
        .with(Mdcr::trap_pmu, true);
}

} // namespace

void set_up_cpu(bool gicv3)
{
    VBAR_EL2::write(reinterpret_cast<std::uint64_t>(gicv3 ? vectors : vectors_gicv2));
    HCR_EL2::write(guest_hcr(false).raw());
    VTCR_EL2::write(memory::Stage2Map::vtcr().raw());
    VTTBR_EL2::write(0);
    CPTR_EL2::write(trap_sve_sme_and_reserved | trap_trace | trap_activity_monitors);
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
