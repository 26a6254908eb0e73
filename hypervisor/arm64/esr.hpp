#pragma once

#include "base/register.hpp"

#include <cstdint>

namespace bulkhead::arm64 {

/// ESR_EL2 and ESR_EL1: why an exception was taken (Arm ARM D17.2.37).
struct Esr : Register<Esr, std::uint64_t> {
    enum class Class : std::uint8_t {
        unknown = 0x00,
        wait = 0x01, // WFI, WFE
        floating_point = 0x07,
        pointer_authentication = 0x09,
        illegal_state = 0x0e,
        hvc_aarch32 = 0x12,
        smc_aarch32 = 0x13,
        hvc = 0x16,
        smc = 0x17,
        system_register = 0x18,
        sve = 0x19,
        instruction_abort_lower = 0x20,
        instruction_abort_same = 0x21,
        data_abort_lower = 0x24,
        data_abort_same = 0x25,
        system_error = 0x2f,
    };

    static constexpr Field<31, 26, Class> exception_class{};
    static constexpr Field<25, 25, bool> instruction_is_32_bit{};
    static constexpr Field<24, 0, std::uint32_t> iss{};

    // ISS of HVC and SMC
    static constexpr Overlay<15, 0, std::uint16_t> immediate{};

    // ISS of WFI and WFE
    static constexpr Overlay<0, 0, bool> is_wfe{};

    // ISS of aborts
    static constexpr Overlay<24, 24, bool> syndrome_valid{};
    static constexpr Overlay<23, 22, std::uint8_t> access_size{}; // log2 of bytes
    static constexpr Overlay<21, 21, bool> sign_extend{};
    static constexpr Overlay<20, 16, std::uint8_t> transfer_register{};
    static constexpr Overlay<15, 15, bool> register_is_64_bit{};
    static constexpr Overlay<10, 10, bool> far_not_valid{};
    static constexpr Overlay<8, 8, bool> cache_maintenance{};
    static constexpr Overlay<7, 7, bool> stage1_walk{};
    static constexpr Overlay<6, 6, bool> is_write{};
    static constexpr Overlay<5, 0, std::uint8_t> fault_status{};

    // ISS of SError: how far the error has got (AET)
    enum class Severity : std::uint8_t { uncontainable = 0, corrected = 6 };
    static constexpr Overlay<12, 10, Severity> severity{};

    // ISS of trapped MSR, MRS and system instructions
    static constexpr Overlay<0, 0, bool> is_read{};
    static constexpr Overlay<9, 5, std::uint8_t> system_transfer_register{};
    /// Op0, Op2, Op1, CRn and CRm where the ISS has them; bits 9 to 5 and 0 are not part of it.
    static constexpr std::uint32_t register_mask = 0x3f'fc1e;

    /// The ISS bits that name a system register.
    static constexpr std::uint32_t system_register(unsigned op0, unsigned op1, unsigned crn,
                                                   unsigned crm, unsigned op2)
    {
        return (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (crm << 1);
    }
};

namespace fault_status {
inline constexpr std::uint8_t translation = 0b000100; // low two bits: level
inline constexpr std::uint8_t permission = 0b001100;  // low two bits: level
inline constexpr std::uint8_t synchronous_external = 0b010000;
inline constexpr std::uint8_t external_on_walk = 0b010100; // low two bits: level
inline constexpr std::uint8_t asynchronous = 0b010001;     // SError with a syndrome of RAS
} // namespace fault_status

static_assert(Esr::from(0x5a00'0ea1).get(Esr::exception_class) == Esr::Class::hvc);
static_assert(Esr::from(0x5a00'0ea1).get(Esr::immediate) == 0xea1);
// A 4-byte store of w2 to an unmapped page: EC 0x24, ISV, SAS 2, SRT 2, WnR, translation, level 3.
static_assert(Esr::from(0x9382'0047).get(Esr::transfer_register) == 2);
static_assert(Esr::from(0x9382'0047).get(Esr::is_write));

} // namespace bulkhead::arm64
