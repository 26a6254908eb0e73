/* Numbers that assembly shares with C++; boot_tables.cpp and speculation.cpp assert that they are
   what the typed definitions say. */
#define STACKS_BASE 0x410000000000
#define STACK_SLOT 0x8000
#define BOOT_STACK_SIZE 0x4000
#define MAX_CPUS 32
#define RUNNING_VCPU_CPU 32
#define PER_CPU_BRANCH_BARRIER 4

/* Attribute 0: Device-nGnRE, 1: Normal write-back (Arm ARM D17.2.97). */
#define MAIR_EL2_VALUE 0xff04
/* T0SZ 16, inner and outer write-back, inner shareable, 4 KiB, RES1 bits 31 and 23 (D17.2.131). */
#define TCR_EL2_VALUE 0x80803510
/* Arm ARM D17.2.119 */
#define SCTLR_EL2_RES1 0x30c50830
/* RES1, and M, C, SA, I, WXN. */
#define SCTLR_EL2_VALUE (SCTLR_EL2_RES1 | 0x1 | 0x4 | 0x8 | 0x1000 | 0x80000)
