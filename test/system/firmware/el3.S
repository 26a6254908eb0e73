// Firmware at EL3 for QEMU's `virt` with two security states and a GICv3: what doc/porting.md asks
// of a board's firmware, and spin tables instead of PSCI. The assembler is given KERNEL,
// DEVICE_TREE and RELEASE (an array of 8 bytes a CPU).

    .set    SCR_EL3_VALUE, 0x531        // RW, HCE, NS and what is RES1 (Arm ARM D19.2.117)
    .set    SPSR_EL2H_MASKED, 0x3c9
    .set    GICD, 0x08000000
    .set    GICR, 0x080a0000
    .set    GICR_WAKER, 0x14
    .set    GICD_IGROUPR, 0x80
    .set    GICR_IGROUPR0, 0x10080

    .globl  _start
_start:
    mov     x0, #SCR_EL3_VALUE
    msr     scr_el3, x0
    msr     cptr_el3, xzr
    mov     x0, #0xf                    // ICC_SRE_EL3: SRE, DFB, DIB, Enable
    msr     S3_6_C12_C12_5, x0
    isb
    ldr     x0, =62500000
    msr     cntfrq_el0, x0

    mrs     x20, mpidr_el1
    and     x20, x20, #0xff
    ldr     x1, =GICR
    add     x1, x1, x20, lsl #17
    str     wzr, [x1, #GICR_WAKER]
    mov     w2, #-1
    ldr     x3, =GICR_IGROUPR0
    str     w2, [x1, x3]
    cbnz    x20, wait

    ldr     x1, =GICD
    mov     w0, #0x30                   // GICD_CTLR: ARE for both security states
    str     w0, [x1]
    add     x1, x1, #GICD_IGROUPR
    mov     x3, #31
0:  str     w2, [x1, #4]!
    subs    x3, x3, #1
    b.ne    0b
    ldr     x0, =DEVICE_TREE
    ldr     x4, =KERNEL
    b       enter

wait:
    ldr     x5, =RELEASE
    mov     x0, xzr
1:  wfe
    ldr     x4, [x5, x20, lsl #3]
    cbz     x4, 1b

enter:
    mov     x1, xzr
    mov     x2, xzr
    mov     x3, xzr
    msr     elr_el3, x4
    mov     x4, #SPSR_EL2H_MASKED
    msr     spsr_el3, x4
    eret
