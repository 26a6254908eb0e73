// What stays at EL2 under this guest: the least that a hypervisor would keep that lets Group 1 go to
// the guest. It uses no memory, so that it needs no MMU: SP_EL2 keeps x0 meanwhile, and TPIDR_EL2
// counts, FIQs in bits 15:0 and trapped instructions from bit 16 on.

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR0_EL1    S3_0_C12_C8_0
#define ICC_EOIR0_EL1   S3_0_C12_C8_1
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6
#define ICH_HCR_EL2     S3_4_C12_C11_0
#define HCR_RW          (1 << 31)
#define HCR_FMO         (1 << 3)    // and IMO = 0: IRQs and Group 1's registers are EL1's
#define EC_SHIFT        26
#define EC_HVC          0x16

    .macro entry handler
    .balign 128
    b       \handler
    .endm

    .section .text.vectors, "ax"
    .balign 2048
el2_vectors:
    .rept   8                       // from EL2 itself: a defect, seen by who waits for output
    entry   .
    .endr
    entry   el2_synchronous
    entry   .
    entry   el2_fiq
    entry   .
    .rept   4
    entry   .
    .endr

el2_fiq:
    mov     sp, x0
    mrs     x0, ICC_IAR0_EL1
    msr     ICC_EOIR0_EL1, x0       // EOImode 0: deactivates as well
    mrs     x0, tpidr_el2
    add     x0, x0, #1
    b       1f

el2_synchronous:
    mov     sp, x0
    mrs     x0, esr_el2
    lsr     x0, x0, #EC_SHIFT
    cmp     x0, #EC_HVC
    b.eq    2f
    mrs     x0, elr_el2             // a system register: counted and passed over
    add     x0, x0, #4
    msr     elr_el2, x0
    mrs     x0, tpidr_el2
    add     x0, x0, #(1 << 16)
1:  msr     tpidr_el2, x0
    mov     x0, sp
    eret

// HVC: x0 and x1 become the physical priority mask and ICH_HCR_EL2; the counts so far go to x0.
2:  mov     x0, sp
    msr     ICC_PMR_EL1, x0
    msr     ICH_HCR_EL2, x1
    isb
    mrs     x0, tpidr_el2
    msr     tpidr_el2, xzr
    eret

// Called by the kit on its way from EL2 to EL1; x0-x8 are free.
    .text
    .global guest_at_el2
guest_at_el2:
    adr     x0, el2_vectors
    msr     vbar_el2, x0
    mov     x0, #HCR_RW
    orr     x0, x0, #HCR_FMO
    msr     hcr_el2, x0
    mov     x0, #0xff
    msr     ICC_PMR_EL1, x0
    msr     ICC_CTLR_EL1, xzr
    mov     x0, #1
    msr     ICC_IGRPEN0_EL1, x0
    msr     tpidr_el2, xzr
    isb
    ret
