// Checks that need every register at once.

// For the register wN: helpers that are not N.
.macro with_helpers macro:req
    .irp n, 0,1,2
    \macro \n, 3, 4, 5
    .endr
    .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \macro \n, 0, 1, 2
    .endr
.endm

#define FRAME 160
#define ADDRESS 128
#define VALUE 136
#define WRONG 144

.macro save_all
    sub     sp, sp, #FRAME
    stp     x18, x19, [sp]
    stp     x20, x21, [sp, #16]
    stp     x22, x23, [sp, #32]
    stp     x24, x25, [sp, #48]
    stp     x26, x27, [sp, #64]
    stp     x28, x29, [sp, #80]
    str     x30, [sp, #96]
.endm

.macro restore_all_and_return
    ldr     x30, [sp, #96]
    ldp     x28, x29, [sp, #80]
    ldp     x26, x27, [sp, #64]
    ldp     x24, x25, [sp, #48]
    ldp     x22, x23, [sp, #32]
    ldp     x20, x21, [sp, #16]
    ldp     x18, x19, [sp]
    add     sp, sp, #FRAME
    ret
.endm

// Note bit \n of WRONG if \a differs from \b; uses them.
.macro note_difference n, a, b
    cmp     x\a, x\b
    cset    x\a, ne
    lsl     x\a, x\a, #\n
    ldr     x\b, [sp, #WRONG]
    orr     x\b, x\b, x\a
    str     x\b, [sp, #WRONG]
.endm

.macro load_one n, a, b, c
    ldr     x\a, [sp, #ADDRESS]
    mov     x\n, #-1            // the upper half must become zero
    ldr     w\n, [x\a]
    mov     x\b, x\n
    ldr     x\c, [sp, #VALUE]
    note_difference \n, \b, \c
.endm

.macro store_one n, a, b, c
    ldr     x\a, [sp, #ADDRESS]
    mov     x\n, #(0x10 + \n)   // a different value for each, in the upper bits of each byte
    mov     x\b, #0x0101
    movk    x\b, #0x0101, lsl #16
    mul     x\n, x\n, x\b
    lsl     x\n, x\n, #3
    and     w\n, w\n, #0xf0f0f0f0
    str     w\n, [x\a]
    ldr     w\b, [x\a]
    ldr     w\c, [sp, #VALUE]
    and     x\b, x\b, x\c
    and     x\c, x\c, x\n
    note_difference \n, \b, \c
.endm

    .text
// uint64_t conformance_load_each(address, expected): load the word into each of w0-w30. Returns a
// bit for each register that did not get it. Interrupts are masked: x29 and x30 are used too.
    .global conformance_load_each
conformance_load_each:
    save_all
    stp     x0, x1, [sp, #ADDRESS]
    str     xzr, [sp, #WRONG]
    with_helpers load_one
    ldr     x0, [sp, #WRONG]
    restore_all_and_return

// uint64_t conformance_store_each(address, mask): store from each, and read back what mask keeps.
    .global conformance_store_each
conformance_store_each:
    save_all
    stp     x0, x1, [sp, #ADDRESS]
    str     xzr, [sp, #WRONG]
    with_helpers store_one
    ldr     x0, [sp, #WRONG]
    restore_all_and_return

// uint64_t conformance_general_survive(address, rounds): load the word at the address again and
// again with a pattern in all other registers. Returns a bit for each that changed.
    .global conformance_general_survive
conformance_general_survive:
    save_all
    stp     x0, x1, [sp, #ADDRESS]
    str     xzr, [sp, #WRONG]
    .irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov     x\n, #(0x5a00 + \n)
    movk    x\n, #(0xc300 + \n), lsl #48
    .endr
1:  ldr     w1, [x0]
    ldr     x1, [sp, #VALUE]
    sub     x1, x1, #1
    str     x1, [sp, #VALUE]
    cbnz    x1, 1b
    .irp n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    mov     x0, #(0x5a00 + \n)
    movk    x0, #(0xc300 + \n), lsl #48
    cmp     x0, x\n
    cset    x0, ne
    lsl     x0, x0, #\n
    ldr     x1, [sp, #WRONG]
    orr     x1, x1, x0
    str     x1, [sp, #WRONG]
    .endr
    ldr     x0, [sp, #WRONG]
    restore_all_and_return

// uint64_t conformance_floating_point_survives(function, argument): fill q0-q31, FPCR and FPSR,
// call function(argument), which is built not to use them, and look again. Returns a bit for each
// vector register that changed, bit 32 for FPCR and bit 33 for FPSR.
    .arch_extension fp
    .arch_extension simd
    .global conformance_floating_point_survives
conformance_floating_point_survives:
    sub     sp, sp, #96
    stp     x19, x20, [sp]
    stp     x29, x30, [sp, #16]
    stp     d8, d9, [sp, #32]
    stp     d10, d11, [sp, #48]
    stp     d12, d13, [sp, #64]
    stp     d14, d15, [sp, #80]
    mov     x9, x0
    mov     x0, x1
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    mov     x10, #(0x1100 + \n)
    movk    x10, #(0x2200 + \n), lsl #48
    mvn     x11, x10
    fmov    d\n, x10
    mov     v\n\().d[1], x11
    .endr
    mov     x10, #0x00c00000    // FPCR.RMode: towards zero
    msr     fpcr, x10
    mov     x10, #0x08000000    // FPSR.QC, and IOC
    orr     x10, x10, #1
    msr     fpsr, x10
    blr     x9
    mov     x19, xzr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    mov     x10, #(0x1100 + \n)
    movk    x10, #(0x2200 + \n), lsl #48
    mvn     x11, x10
    fmov    x12, d\n
    mov     x13, v\n\().d[1]
    cmp     x10, x12
    ccmp    x11, x13, #0, eq
    cset    x12, ne
    orr     x19, x19, x12, lsl #\n
    .endr
    mrs     x10, fpcr
    mov     x11, #0x00c00000
    cmp     x10, x11
    cset    x12, ne
    orr     x19, x19, x12, lsl #32
    mrs     x10, fpsr
    mov     x11, #0x08000000
    orr     x11, x11, #1
    cmp     x10, x11
    cset    x12, ne
    orr     x19, x19, x12, lsl #33
    msr     fpcr, xzr
    msr     fpsr, xzr
    mov     x0, x19
    ldp     d14, d15, [sp, #80]
    ldp     d12, d13, [sp, #64]
    ldp     d10, d11, [sp, #48]
    ldp     d8, d9, [sp, #32]
    ldp     x29, x30, [sp, #16]
    ldp     x19, x20, [sp]
    add     sp, sp, #96
    ret

// A CPU_ON entry point: note how the CPU was started into the CpuStart (psci.cpp) at x0, and power
// off again. MMU and caches are off.
    .global conformance_cpu_start_probe
conformance_cpu_start_probe:
    mrs     x1, CurrentEL
    mrs     x2, daif
    stp     x1, x2, [x0]
    mrs     x1, SPSel
    mrs     x2, sctlr_el1
    stp     x1, x2, [x0, #16]
    mrs     x1, mpidr_el1
    stp     x1, x0, [x0, #32]
    dsb     sy
    ldr     x5, [x0, #48]       // conduit: 0 HVC, 1 SMC
    mov     w0, #0x0002
    movk    w0, #0x8400, lsl #16 // CPU_OFF
    cbnz    x5, 1f
    hvc     #0
    b       2f
1:  smc     #0
2:  b       2b

// bool conformance_smccc_keeps(conduit, function): whether x4-x17 come back as they were.
    .global conformance_smccc_keeps
conformance_smccc_keeps:
    mov     x18, x0
    mov     w0, w1
    .irp n, 4,5,6,7,8,9,10,11,12,13,14,15,16,17
    mov     x\n, #(0x4400 + \n)
    movk    x\n, #(0x7700 + \n), lsl #32
    .endr
    cbnz    x18, 1f
    hvc     #0
    b       2f
1:  smc     #0
2:  mov     x0, #1
    .irp n, 4,5,6,7,8,9,10,11,12,13,14,15,16,17
    mov     x1, #(0x4400 + \n)
    movk    x1, #(0x7700 + \n), lsl #32
    cmp     x1, x\n
    csel    x0, x0, xzr, eq
    .endr
    ret

    .arch_extension sve

// Bytes of a vector.
    .global conformance_vector_bytes
conformance_vector_bytes:
    rdvl    x0, #1
    ret

// Z0-Z31 at x0, and P0-P15 after them. Changes x3.
    .macro each_vector instruction
    addvl   x3, x0, #31
    addvl   x3, x3, #1
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \instruction  z\n, [x0, #\n, mul vl]
    .endr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    \instruction  p\n, [x3, #\n, mul vl]
    .endr
    .endm

// void conformance_vectors_survive(from, into, function): Z0-Z31 and P0-P15 are loaded, the function
// is called, and they are stored.
    .global conformance_vectors_survive
conformance_vectors_survive:
    stp     x29, x30, [sp, #-32]!
    str     x1, [sp, #16]
    each_vector ldr
    mov     x0, xzr
    blr     x2
    ldr     x0, [sp, #16]
    each_vector str
    ldp     x29, x30, [sp], #32
    ret
