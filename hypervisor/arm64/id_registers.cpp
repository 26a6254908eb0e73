#include "arm64/id_registers.hpp"

#include "arm64/cpu_setup.hpp"
#include "arm64/system_register.hpp"
#include "base/bits.hpp"
#include "machine/guest_state.hpp"

#include <algorithm>

namespace bulkhead::arm64 {

extern "C" std::uint64_t read_id_register(unsigned crm_and_op2); // numbered_registers.S

namespace {

constexpr std::uint64_t field(unsigned low) { return bits(low + 3, low); }

/// The AArch64 ID registers by CRm and Op2: fields a guest may see. Everything else reads as zero,
/// which says "not implemented" (Arm ARM D17.1.3), and so does a register that is not listed.
/// A field is listed when the feature needs nothing of EL2, or EL2 switches its state.
constexpr std::uint64_t visible_aarch64[4][8] = {
    // CRm 4: ID_AA64PFR0: EL0, EL1, FP, AdvSIMD, GIC, DIT, CSV2, CSV3. PFR1: BT, SSBS.
    {field(0) | field(4) | field(16) | field(20) | field(24) | field(48) | field(56) | field(60),
     field(0) | field(4)},
    // CRm 5: ID_AA64DFR0: DebugVer, BRPs, WRPs, CTX_CMPs, DoubleLock. AFR0, AFR1: all.
    {field(0) | field(12) | field(20) | field(28) | field(36), 0, 0, 0, ~0ULL, ~0ULL},
    // CRm 6: ID_AA64ISAR0: all but TME. ISAR1: without LS64. ISAR2: RPRES, GPA3, APA3, PAC_frac,
    // BC.
    {~field(24), bits(59, 0), bits(15, 4) | bits(31, 24)},
    // CRm 7: ID_AA64MMFR0: PARange to TGran4, ExS. MMFR1: HAFDBS, HPDS, PAN, ETS, ECBHB.
    // MMFR2: CnP, UAO, IESB, VARange, CCIDX, ST, AT, IDS, TTL, BBM, E0PD.
    {bits(31, 0) | field(44), field(0) | field(12) | field(20) | field(36) | field(60),
     bits(23, 0) | bits(39, 28) | bits(55, 48) | bits(63, 60)},
};

/// The AArch32 ID registers, CRm 1 to 3, which 32-bit applications' kernels read. All fields but
/// the PMU, the trace unit, virtualization and RAS.
constexpr std::uint64_t hidden_aarch32[3][8] = {
    // CRm 1: ID_PFR0: AMU, RAS. ID_PFR1: Virtualization. ID_DFR0: PerfMon, MProfDbg, trace.
    {field(20) | field(28), field(12) | field(24), field(12) | field(16) | field(24) | field(28)},
    {},
    {},
};

/// ID_AA64MMFR0_EL1.PARange for the guest: no more than its address space, at most 40 bits, has.
constexpr std::uint64_t physical_range_40_bits = 2;

/// ID_AA64PFR0_EL1.CSV2 above 1 promises SCXTNUM_ELx, which traps.
constexpr std::uint64_t csv2_without_context_numbers = std::uint64_t{1} << 56;

constexpr std::uint64_t el1_aarch64_only = 1U << 4; // ID_AA64PFR0_EL1.EL1

/// A field that counts what a guest has at most `most` of: the value is one less.
std::uint64_t at_most(std::uint64_t value, unsigned low, std::uint64_t most)
{
    return (value & ~field(low)) | std::min(value & field(low), (most - 1) << low);
}

} // namespace

std::uint64_t debug_features() { return read_id_register(8 * 5); }

bool has_pmu()
{
    constexpr std::uint64_t implementation_defined = 0xf;
    const auto version = debug_features() >> 8 & 0xf;
    return version != 0 && version != implementation_defined;
}

bool has_pointer_authentication()
{
    return ((read_id_register(8 * 6 + 1) & (bits(11, 4) | bits(31, 24))) |
            (read_id_register(8 * 6 + 2) & bits(15, 8))) != 0;
}

bool has_sve() { return (read_id_register(8 * 4) & field(32)) != 0; }
bool has_sme() { return (read_id_register(8 * 4 + 1) & field(24)) != 0; }

std::uint64_t id_register(std::uint32_t register_name)
{
    const unsigned crm = (register_name >> 1) & 0xf;
    const unsigned op2 = (register_name >> 17) & 0x7;
    if (crm < 1 || crm > 7) return 0;
    const auto real = read_id_register(8 * crm + op2);
    if (crm < 4) {
        const auto value = real & ~hidden_aarch32[crm - 1][op2];
        const bool is_debug = crm == 1 && op2 == 2;
        return is_debug && guest_has_pmu() ? value | (real & field(24)) : value; // ID_DFR0.PerfMon
    }
    auto value = real & visible_aarch64[crm - 4][op2];
    if (crm == 4 && op2 == 0) {
        const auto csv2 = std::min(value & field(56), csv2_without_context_numbers);
        if (guest_has_sve()) value |= real & field(32);
        return (value & ~field(4) & ~field(56)) | el1_aarch64_only | csv2;
    }
    if (crm == 4 && op2 == 4) return guest_has_sve() ? real : 0; // ID_AA64ZFR0: instructions only
    if (crm == 5 && op2 == 0) {
        if (guest_has_pmu()) value |= real & field(8);
        value = at_most(value, 12, machine::debug_breakpoints);
        value =
            at_most(value, 28, machine::debug_breakpoints); // no more with a context than there are
        return at_most(value, 20, machine::debug_watchpoints);
    }
    if (crm == 7 && op2 == 0)
        return (value & ~field(0)) | std::min(value & field(0), physical_range_40_bits);
    return value;
}

} // namespace bulkhead::arm64
