#pragma once

#include <cstdint>

/// MRS and MSR by the manual's name: `HCR_EL2::read()`, `HCR_EL2::write(value)`. Registers newer
/// than Armv8.0 have their encoding beside them.
namespace bulkhead::arm64 {

#define BULKHEAD_SYSTEM_REGISTER_AS(Name, Encoding)                                                \
    struct Name {                                                                                  \
        [[gnu::always_inline]] static std::uint64_t read()                                         \
        {                                                                                          \
            std::uint64_t value;                                                                   \
            asm volatile("mrs %0, " Encoding : "=r"(value));                                       \
            return value;                                                                          \
        }                                                                                          \
        [[gnu::always_inline]] static void write(std::uint64_t value)                              \
        {                                                                                          \
            asm volatile("msr " Encoding ", %0" : : "r"(value) : "memory");                        \
        }                                                                                          \
    }
#define BULKHEAD_SYSTEM_REGISTER(Name) BULKHEAD_SYSTEM_REGISTER_AS(Name, #Name)

BULKHEAD_SYSTEM_REGISTER(CNTFRQ_EL0);
BULKHEAD_SYSTEM_REGISTER(CNTHCTL_EL2);
BULKHEAD_SYSTEM_REGISTER(CNTHP_CTL_EL2);
BULKHEAD_SYSTEM_REGISTER(CNTHP_CVAL_EL2);
BULKHEAD_SYSTEM_REGISTER(CNTPCT_EL0);
BULKHEAD_SYSTEM_REGISTER(CNTVOFF_EL2);
BULKHEAD_SYSTEM_REGISTER(CPTR_EL2);
BULKHEAD_SYSTEM_REGISTER(ELR_EL2);
BULKHEAD_SYSTEM_REGISTER(ESR_EL2);
BULKHEAD_SYSTEM_REGISTER(FAR_EL2);
BULKHEAD_SYSTEM_REGISTER(HCR_EL2);
BULKHEAD_SYSTEM_REGISTER(HPFAR_EL2);
BULKHEAD_SYSTEM_REGISTER(HSTR_EL2);
BULKHEAD_SYSTEM_REGISTER(MDCR_EL2);
BULKHEAD_SYSTEM_REGISTER(ID_AA64MMFR1_EL1);
BULKHEAD_SYSTEM_REGISTER(ID_AA64PFR1_EL1);
BULKHEAD_SYSTEM_REGISTER(MPIDR_EL1);
BULKHEAD_SYSTEM_REGISTER(PAR_EL1);
BULKHEAD_SYSTEM_REGISTER(SPSR_EL2);
BULKHEAD_SYSTEM_REGISTER(TPIDR_EL2);
BULKHEAD_SYSTEM_REGISTER(TTBR0_EL2);
BULKHEAD_SYSTEM_REGISTER(VBAR_EL2);
BULKHEAD_SYSTEM_REGISTER(VMPIDR_EL2);
BULKHEAD_SYSTEM_REGISTER(VPIDR_EL2);
BULKHEAD_SYSTEM_REGISTER(VTCR_EL2);
BULKHEAD_SYSTEM_REGISTER(VTTBR_EL2);
BULKHEAD_SYSTEM_REGISTER(MIDR_EL1);
BULKHEAD_SYSTEM_REGISTER(CTR_EL0);
BULKHEAD_SYSTEM_REGISTER(DCZID_EL0);

// GICv3 (GIC architecture specification, chapter 12)
BULKHEAD_SYSTEM_REGISTER_AS(ICC_CTLR_EL1, "S3_0_C12_C12_4");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_DIR_EL1, "S3_0_C12_C11_1");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_EOIR1_EL1, "S3_0_C12_C12_1");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_IAR1_EL1, "S3_0_C12_C12_0");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_IGRPEN1_EL1, "S3_0_C12_C12_7");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_PMR_EL1, "S3_0_C4_C6_0");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_BPR1_EL1, "S3_0_C12_C12_3");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_SGI1R_EL1, "S3_0_C12_C11_5");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_SRE_EL2, "S3_4_C12_C9_5");
BULKHEAD_SYSTEM_REGISTER_AS(ICC_SRE_EL1, "S3_0_C12_C12_5");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_HCR_EL2, "S3_4_C12_C11_0");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_VTR_EL2, "S3_4_C12_C11_1");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_ELRSR_EL2, "S3_4_C12_C11_5");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_VMCR_EL2, "S3_4_C12_C11_7");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP0R0_EL2, "S3_4_C12_C8_0");
BULKHEAD_SYSTEM_REGISTER_AS(ICH_AP1R0_EL2, "S3_4_C12_C9_0");

/// What changed in system registers before it holds for what follows.
inline void isb() { asm volatile("isb" : : : "memory"); }
inline void dsb_sy() { asm volatile("dsb sy" : : : "memory"); }
inline void dsb_ish() { asm volatile("dsb ish" : : : "memory"); }

} // namespace bulkhead::arm64
