#pragma once

#include "kit/field.hpp"

#include <cstdint>

namespace bulkhead::guest {

/// A system register by its encoding (op0, op1, CRn, CRm, op2), as the Arm ARM lists it on the
/// register's page.
template <unsigned Op0, unsigned Op1, unsigned Crn, unsigned Crm, unsigned Op2>
struct SystemRegister {
    static std::uint64_t read()
    {
        std::uint64_t value;
        asm volatile("mrs %0, S%c1_%c2_C%c3_C%c4_%c5"
                     : "=r"(value)
                     : "i"(Op0), "i"(Op1), "i"(Crn), "i"(Crm), "i"(Op2)
                     : "memory");
        return value;
    }
    static void write(std::uint64_t value)
    {
        asm volatile("msr S%c1_%c2_C%c3_C%c4_%c5, %0"
                     :
                     : "r"(value), "i"(Op0), "i"(Op1), "i"(Crn), "i"(Crm), "i"(Op2)
                     : "memory");
    }
};

// Identification.
using MIDR_EL1 = SystemRegister<3, 0, 0, 0, 0>;
struct MPIDR_EL1 : SystemRegister<3, 0, 0, 0, 5> {
    /// Aff3 and Aff2..Aff0 where the register, PSCI and GICD_IROUTER have them.
    static constexpr std::uint64_t affinity_mask = 0xff'00ff'ffff;
};
using REVIDR_EL1 = SystemRegister<3, 0, 0, 0, 6>;
struct ID_AA64PFR0_EL1 : SystemRegister<3, 0, 0, 4, 0> {
    using EL0 = Field<3, 0>;
    using EL1 = Field<7, 4>;
    using FP = Field<19, 16>;
    using AdvSIMD = Field<23, 20>;
    using GIC = Field<27, 24>;
    using SVE = Field<35, 32>;
};
using ID_AA64PFR1_EL1 = SystemRegister<3, 0, 0, 4, 1>;
using ID_AA64ZFR0_EL1 = SystemRegister<3, 0, 0, 4, 4>;
struct ID_AA64DFR0_EL1 : SystemRegister<3, 0, 0, 5, 0> {
    using DebugVer = Field<3, 0>;
    using PMUVer = Field<11, 8>;
    using BRPs = Field<15, 12>;
    using WRPs = Field<23, 20>;
};
using ID_AA64DFR1_EL1 = SystemRegister<3, 0, 0, 5, 1>;
using ID_AA64ISAR0_EL1 = SystemRegister<3, 0, 0, 6, 0>;
using ID_AA64ISAR1_EL1 = SystemRegister<3, 0, 0, 6, 1>;
struct ID_AA64MMFR0_EL1 : SystemRegister<3, 0, 0, 7, 0> {
    using PARange = Field<3, 0>;
    using TGran4 = Field<31, 28>;
};
using ID_AA64MMFR1_EL1 = SystemRegister<3, 0, 0, 7, 1>;
using ID_AA64MMFR2_EL1 = SystemRegister<3, 0, 0, 7, 2>;
struct CTR_EL0 : SystemRegister<3, 3, 0, 0, 1> {
    using DminLine = Field<19, 16>; // log2 of words
};
using CLIDR_EL1 = SystemRegister<3, 1, 0, 0, 1>;
using CSSELR_EL1 = SystemRegister<3, 2, 0, 0, 0>;
using CCSIDR_EL1 = SystemRegister<3, 1, 0, 0, 0>;

// This CPU's state.
using CurrentEL = SystemRegister<3, 0, 4, 2, 2>;
using VBAR_EL1 = SystemRegister<3, 0, 12, 0, 0>;
using TPIDR_EL1 = SystemRegister<3, 0, 13, 0, 4>;
using SCTLR_EL1 = SystemRegister<3, 0, 1, 0, 0>;
using CPACR_EL1 = SystemRegister<3, 0, 1, 0, 2>;
using TTBR0_EL1 = SystemRegister<3, 0, 2, 0, 0>;
using DAIF = SystemRegister<3, 3, 4, 2, 1>;
using ISR_EL1 = SystemRegister<3, 0, 12, 1, 0>;

/// Why an exception was taken to EL1 (Arm ARM, ESR_EL1).
struct ESR_EL1 : SystemRegister<3, 0, 5, 2, 0> {
    using EC = Field<31, 26>;
    using IL = Bit<25>;
    using ISS = Field<24, 0>;
    using WnR = Bit<6>;
    using DFSC = Field<5, 0>;

    static constexpr std::uint64_t unknown = 0x00;
    static constexpr std::uint64_t instruction_abort = 0x21;
    static constexpr std::uint64_t pc_alignment = 0x22;
    static constexpr std::uint64_t data_abort = 0x25;
    static constexpr std::uint64_t breakpoint_instruction = 0x3c;
    static constexpr std::uint64_t svc = 0x15;
    static constexpr std::uint64_t system_register = 0x18;
};

// Generic timer (Arm ARM, "The Generic Timer in AArch64 state").
using CNTFRQ_EL0 = SystemRegister<3, 3, 14, 0, 0>;
using CNTPCT_EL0 = SystemRegister<3, 3, 14, 0, 1>;
using CNTVCT_EL0 = SystemRegister<3, 3, 14, 0, 2>;
using CNTKCTL_EL1 = SystemRegister<3, 0, 14, 1, 0>;
using CNTP_TVAL_EL0 = SystemRegister<3, 3, 14, 2, 0>;
using CNTP_CTL_EL0 = SystemRegister<3, 3, 14, 2, 1>;
using CNTP_CVAL_EL0 = SystemRegister<3, 3, 14, 2, 2>;
using CNTV_TVAL_EL0 = SystemRegister<3, 3, 14, 3, 0>;
using CNTV_CTL_EL0 = SystemRegister<3, 3, 14, 3, 1>;
using CNTV_CVAL_EL0 = SystemRegister<3, 3, 14, 3, 2>;

// GICv3 CPU interface (GIC architecture specification, IHI 0069, 12.2).
using ICC_PMR_EL1 = SystemRegister<3, 0, 4, 6, 0>;
using ICC_IAR1_EL1 = SystemRegister<3, 0, 12, 12, 0>;
using ICC_EOIR1_EL1 = SystemRegister<3, 0, 12, 12, 1>;
using ICC_HPPIR1_EL1 = SystemRegister<3, 0, 12, 12, 2>;
using ICC_BPR1_EL1 = SystemRegister<3, 0, 12, 12, 3>;
using ICC_DIR_EL1 = SystemRegister<3, 0, 12, 11, 1>;
using ICC_RPR_EL1 = SystemRegister<3, 0, 12, 11, 3>;
struct ICC_SGI1R_EL1 : SystemRegister<3, 0, 12, 11, 5> {
    using TargetList = Field<15, 0>;
    using Aff1 = Field<23, 16>;
    using INTID = Field<27, 24>;
    using Aff2 = Field<39, 32>;
    using IRM = Bit<40>;
    using RS = Field<47, 44>;
    using Aff3 = Field<55, 48>;
};
using ICC_AP1R0_EL1 = SystemRegister<3, 0, 12, 9, 0>;
struct ICC_CTLR_EL1 : SystemRegister<3, 0, 12, 12, 4> {
    using CBPR = Bit<0>;
    using EOImode = Bit<1>;
    using PRIbits = Field<10, 8>; // one less than implemented
    using A3V = Bit<15>;
};
struct ICC_SRE_EL1 : SystemRegister<3, 0, 12, 12, 5> {
    using SRE = Bit<0>;
};
using ICC_IGRPEN1_EL1 = SystemRegister<3, 0, 12, 12, 7>;

} // namespace bulkhead::guest
