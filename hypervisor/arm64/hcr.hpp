#pragma once

#include "base/register.hpp"

#include <cstdint>

namespace bulkhead::arm64 {

/// HCR_EL2: what of a guest's EL1 leads to EL2 (Arm ARM D17.2.48).
struct Hcr : Register<Hcr, std::uint64_t> {
    static constexpr Field<0, 0, bool> stage2{};         // VM
    static constexpr Field<1, 1, bool> set_way_cleans{}; // SWIO
    /// PTW: a guest's tables are not in devices, where EL2's AT instructions would walk as well and
    /// an abort would be EL2's.
    static constexpr Field<2, 2, bool> no_walks_in_devices{};
    static constexpr Field<3, 3, bool> fiq_to_el2{};                    // FMO
    static constexpr Field<4, 4, bool> irq_to_el2{};                    // IMO
    static constexpr Field<5, 5, bool> system_error_to_el2{};           // AMO
    static constexpr Field<13, 13, bool> trap_wfi{};                    // TWI
    static constexpr Field<14, 14, bool> trap_wfe{};                    // TWE
    static constexpr Field<18, 18, bool> trap_id_registers{};           // TID3
    static constexpr Field<19, 19, bool> trap_smc{};                    // TSC
    static constexpr Field<20, 20, bool> trap_implementation_defined{}; // TIDCP
    static constexpr Field<21, 21, bool> trap_auxiliary_control{};      // TACR
    static constexpr Field<31, 31, bool> el1_is_aarch64{};              // RW
    static constexpr Field<35, 35, bool> trap_limited_ordering{};       // TLOR
    static constexpr Field<36, 36, bool> trap_error_records{};          // TERR
    /// APK, API: keys and instructions of pointer authentication are the guest's.
    static constexpr Field<41, 40, std::uint8_t> pointer_authentication{};
    static constexpr Field<58, 58, bool> trap_tag_size{}; // TID5
};

/// A guest that owns its CPU. What the CPU has not is RES0 here. Cache operations by set and way
/// are not trapped: the vCPU stays on its CPU, so they mean what they mean on hardware, and
/// invalidation cleans first.
constexpr Hcr guest_hcr()
{
    return Hcr{}
        .with(Hcr::stage2, true)
        .with(Hcr::set_way_cleans, true)
        .with(Hcr::no_walks_in_devices, true)
        .with(Hcr::fiq_to_el2, true)
        .with(Hcr::irq_to_el2, true)
        .with(Hcr::system_error_to_el2, true)
        .with(Hcr::trap_id_registers, true)
        .with(Hcr::trap_smc, true)
        .with(Hcr::trap_implementation_defined, true)
        .with(Hcr::trap_auxiliary_control, true)
        .with(Hcr::el1_is_aarch64, true)
        .with(Hcr::trap_limited_ordering, true)
        .with(Hcr::trap_error_records, true)
        .with(Hcr::pointer_authentication, 3)
        .with(Hcr::trap_tag_size, true);
}
static_assert(guest_hcr().raw() == 0x0400'0318'803c'003f);

} // namespace bulkhead::arm64
