// Firmware at EL3 for QEMU's `virt` with two security states and a GICv3: what doc/porting.md asks
// of a board's firmware, and spin tables instead of PSCI. The assembler is given KERNEL,
// DEVICE_TREE and RELEASE (an array of 8 bytes a CPU).
//
// With SYNDROME it also takes an error of the hardware first and hands it on, as TF-A does: EL2 gets
// an SError with this syndrome on CPU TARGET, once a timer has found that CPU in exception level
// FOUND_IN for half a second. It says `~` on the UART then.

    .set    SCR_EL3_VALUE, 0x531        // RW, HCE, NS and what is RES1 (Arm ARM D19.2.117)
    .set    SPSR_EL2H_MASKED, 0x3c9
    .set    GICD, 0x08000000
    .set    GICR, 0x080a0000
    .set    GICR_WAKER, 0x14
    .set    GICD_IGROUPR, 0x80
    .set    GICR_IGROUPR0, 0x10080
    .set    GICR_ISENABLER0, 0x10100
    .set    SECURE_TIMER, 1 << 29       // its PPI stays in group 0, and arrives as FIQ
    .set    SECURE_RAM, 0x0e000000
    .set    UART, 0x09000000
    .set    TICK, 625000                // 10 ms
    .set    TICKS, 50

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
    .ifdef  SYNDROME
    mov     w4, #~SECURE_TIMER
    str     w4, [x1, x3]
    .else
    str     w2, [x1, x3]
    .endif
    cbnz    x20, wait

    ldr     x1, =GICD
    mov     w0, #0x31                   // GICD_CTLR: ARE for both security states, group 0
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
    .ifdef  SYNDROME
    cmp     x20, #TARGET
    b.ne    0f
    adr     x1, vectors
    msr     vbar_el3, x1
    ldr     x1, =SECURE_RAM + 0x1000
    mov     sp, x1
    mov     x1, #TICKS
    msr     tpidr_el3, x1
    mov     x1, #0xff
    msr     S3_0_C4_C6_0, x1            // ICC_PMR_EL1
    mov     x1, #1
    msr     S3_0_C12_C12_6, x1          // ICC_IGRPEN0_EL1
    ldr     x1, =GICR + GICR_ISENABLER0
    add     x1, x1, x20, lsl #17
    mov     w2, #SECURE_TIMER
    str     w2, [x1]
    ldr     x1, =TICK
    msr     cntps_tval_el1, x1
    mov     x1, #1
    msr     cntps_ctl_el1, x1
    mrs     x1, scr_el3
    orr     x1, x1, #1 << 2             // FIQ
    msr     scr_el3, x1
0:
    .endif
    mov     x1, xzr
    mov     x2, xzr
    mov     x3, xzr
    msr     elr_el3, x4
    mov     x4, #SPSR_EL2H_MASKED
    msr     spsr_el3, x4
    eret

    .ifdef  SYNDROME
    .balign 2048
vectors:
    .org    vectors + 0x500             // FIQ from a lower exception level
    stp     x0, x1, [sp, #-32]!
    str     x2, [sp, #16]
    ldr     x0, =TICK
    msr     cntps_tval_el1, x0
    mrs     x0, S3_0_C12_C8_0           // ICC_IAR0_EL1
    msr     S3_0_C12_C8_1, x0           // ICC_EOIR0_EL1
    mrs     x0, spsr_el3
    ubfx    x1, x0, #2, #2
    cmp     x1, #FOUND_IN
    b.ne    0f
    mrs     x1, tpidr_el3
    subs    x1, x1, #1
    msr     tpidr_el3, x1
    b.ne    0f
    msr     cntps_ctl_el1, xzr
    ldr     x1, =UART
    mov     w2, #'~'
    str     w2, [x1]
    msr     spsr_el2, x0
    mrs     x1, elr_el3
    msr     elr_el2, x1
    ldr     x1, =SYNDROME
    msr     esr_el2, x1
    mrs     x1, vbar_el2
    add     x1, x1, #0x780 - 0x200 * FOUND_IN // SError from EL1, or from EL2 itself
    msr     elr_el3, x1
    mov     x1, #SPSR_EL2H_MASKED
    msr     spsr_el3, x1
0:  ldr     x2, [sp, #16]
    ldp     x0, x1, [sp], #32
    eret
    .endif
