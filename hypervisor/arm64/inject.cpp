#include "arm64/inject.hpp"

#include "arm64/system_register.hpp"
#include "base/bits.hpp"

namespace bulkhead::arm64 {
namespace {

BULKHEAD_SYSTEM_REGISTER(ELR_EL1);
BULKHEAD_SYSTEM_REGISTER(SPSR_EL1);
BULKHEAD_SYSTEM_REGISTER(ESR_EL1);
BULKHEAD_SYSTEM_REGISTER(FAR_EL1);
BULKHEAD_SYSTEM_REGISTER(VBAR_EL1);
BULKHEAD_SYSTEM_REGISTER(SCTLR_EL1);

/// SPSR_EL2 in AArch64 state (Arm ARM C5.2.19).
struct Pstate : Register<Pstate, std::uint64_t> {
    enum class Mode : std::uint8_t { el0 = 0, el1_sp0 = 4, el1_spx = 5 };
    static constexpr Field<3, 0, Mode> mode{};
    static constexpr Field<4, 4, bool> aarch32{};
    static constexpr Field<9, 6, std::uint8_t> masks{}; // D, A, I, F
    static constexpr Overlay<11, 10, unsigned> branch_type{};
    static constexpr Overlay<15, 10, unsigned> it_high{}; // AArch32's IT[7:2], IT[1:0]
    static constexpr Field<26, 25, unsigned> it_low{};
    static constexpr Overlay<12, 12, bool> speculative_store_bypass_safe{};
    static constexpr Field<21, 21, bool> software_step{};
    static constexpr Field<22, 22, bool> privileged_access_never{};
    static constexpr Field<24, 24, bool> data_independent_timing{};
    static constexpr Field<31, 28, std::uint8_t> condition{};
};

/// SCTLR_EL1's say in a new PSTATE (D17.2.118).
constexpr unsigned sctlr_span = 23;  // 0: PAN is set on an exception to EL1
constexpr unsigned sctlr_dssbs = 44; // SSBS on an exception to EL1

/// PSTATE after an exception to EL1 (D1.3.1.4): fields of features the CPU has not stay zero.
Pstate at_exception_entry(Pstate old)
{
    const auto sctlr = SCTLR_EL1::read();
    const bool has_pan = (ID_AA64MMFR1_EL1::read() & bits(23, 20)) != 0;
    const bool has_ssbs = (ID_AA64PFR1_EL1::read() & bits(7, 4)) != 0;
    return Pstate{}
        .with(Pstate::mode, Pstate::Mode::el1_spx)
        .with(Pstate::masks, 0xf)
        .with(Pstate::condition, old.get(Pstate::condition))
        .with(Pstate::data_independent_timing,
              old.get(Pstate::data_independent_timing) && !old.get(Pstate::aarch32))
        .with(Pstate::privileged_access_never,
              has_pan &&
                  (old.get(Pstate::privileged_access_never) || (sctlr & bit(sctlr_span)) == 0))
        .with(Pstate::speculative_store_bypass_safe, has_ssbs && (sctlr & bit(sctlr_dssbs)) != 0);
}

std::uint64_t vector_offset(Pstate from)
{
    if (from.get(Pstate::aarch32)) return 0x600;
    switch (from.get(Pstate::mode)) {
    case Pstate::Mode::el1_spx: return 0x200;
    case Pstate::Mode::el1_sp0: return 0x000;
    default: return 0x400;
    }
}

void enter_el1(Esr syndrome)
{
    const auto old = Pstate::from(SPSR_EL2::read());
    ESR_EL1::write(syndrome.raw());
    ELR_EL1::write(ELR_EL2::read());
    SPSR_EL1::write(old.raw());
    ELR_EL2::write(VBAR_EL1::read() + vector_offset(old));
    SPSR_EL2::write(at_exception_entry(old).raw());
}

/// The next instruction of an IT block has its own condition (D1.10, ITAdvance).
[[gnu::noinline, gnu::cold]] void skip_aarch32(Pstate pstate, unsigned length)
{
    ELR_EL2::write(ELR_EL2::read() + length);
    auto it = pstate.get(Pstate::it_low) | (pstate.get(Pstate::it_high) << 2U);
    it = (it & 7) == 0 ? 0 : (it & 0xe0) | ((it << 1U) & 0x1f);
    SPSR_EL2::write(pstate.with(Pstate::it_low, it & 3).with(Pstate::it_high, it >> 2U).raw());
}

bool from_el1()
{
    const auto pstate = Pstate::from(SPSR_EL2::read());
    return !pstate.get(Pstate::aarch32) && pstate.get(Pstate::mode) != Pstate::Mode::el0;
}

BULKHEAD_SYSTEM_REGISTER(TCR_EL1);
BULKHEAD_SYSTEM_REGISTER(TTBR0_EL1);
BULKHEAD_SYSTEM_REGISTER(TTBR1_EL1);

/// The fault status of an access whose descriptor could not be fetched from where the guest has
/// none. At which level that was, only a walk would tell, but for the first one, whose table is in
/// TTBR; further down it says 3.
std::uint8_t walk_fault_status(std::uint64_t address)
{
    const bool upper = (address & bit(55)) != 0;
    const auto tcr = TCR_EL1::read() >> (upper ? 16 : 0);
    const auto base = (upper ? TTBR1_EL1::read() : TTBR0_EL1::read()) & bits(47, 12);
    unsigned level = 3;
    if (base == ((HPFAR_EL2::read() & bits(39, 4)) << 8)) {
        // TG0 and TG1 number the granules of 4, 64 and 16 KiB differently (Arm ARM D17.2.131).
        constexpr std::uint8_t shifts[] = {12, 16, 14, 12, 14, 12, 16, 12};
        const unsigned shift = shifts[((tcr >> 14) & 3) + (upper ? 3 : 0)];
        const auto bits_to_resolve = 64 - static_cast<unsigned>(tcr & 0x3f) - shift;
        level = 4 - (bits_to_resolve + shift - 4) / (shift - 3);
    }
    return static_cast<std::uint8_t>(fault_status::external_on_walk + (level & 3));
}

void inject_abort(Esr::Class from_lower, Esr::Class from_same, std::uint64_t address, Esr trapped)
{
    FAR_EL1::write(address);
    enter_el1(Esr{}
                  .with(Esr::exception_class, from_el1() ? from_same : from_lower)
                  .with(Esr::instruction_is_32_bit, true) // as always without a valid syndrome
                  .with(Esr::is_write,
                        from_lower == Esr::Class::data_abort_lower && trapped.get(Esr::is_write))
                  .with(Esr::cache_maintenance, from_lower == Esr::Class::data_abort_lower &&
                                                    trapped.get(Esr::cache_maintenance))
                  .with(Esr::far_not_valid, trapped.get(Esr::far_not_valid))
                  .with(Esr::fault_status, trapped.get(Esr::stage1_walk)
                                               ? walk_fault_status(address)
                                               : fault_status::synchronous_external));
}

} // namespace

void inject_undefined()
{
    enter_el1(Esr{}
                  .with(Esr::exception_class, Esr::Class::unknown)
                  .with(Esr::instruction_is_32_bit, true)); // whatever its length was
}

void skip_instruction(Esr esr)
{
    const auto pstate = Pstate::from(SPSR_EL2::read()).with(Pstate::software_step, false);
    if (pstate.get(Pstate::aarch32)) [[unlikely]]
        return skip_aarch32(pstate, esr.get(Esr::instruction_is_32_bit) ? 4 : 2);
    ELR_EL2::write(ELR_EL2::read() + 4);
    SPSR_EL2::write(pstate.with(Pstate::branch_type, 0).raw());
}

void inject_data_abort(std::uint64_t address, Esr trapped)
{
    inject_abort(Esr::Class::data_abort_lower, Esr::Class::data_abort_same, address, trapped);
}

void inject_instruction_abort(std::uint64_t address, Esr trapped)
{
    inject_abort(Esr::Class::instruction_abort_lower, Esr::Class::instruction_abort_same, address,
                 trapped);
}

} // namespace bulkhead::arm64
