// Attempts and rescues (rescue.hpp).

    .section .text.vectors, "ax"
    .balign 2048
    .global rogue_vectors
rogue_vectors:
    .rept 16
    .balign 128
    b       rogue_rescue
    .endr

    .text
// void rogue_attempt(function, argument, Point*)
    .global rogue_attempt
rogue_attempt:
    stp     x19, x20, [x2]
    stp     x21, x22, [x2, #16]
    stp     x23, x24, [x2, #32]
    stp     x25, x26, [x2, #48]
    stp     x27, x28, [x2, #64]
    stp     x29, x30, [x2, #80]
    mov     x9, sp
    str     x9, [x2, #96]
    mov     x9, x0
    mov     x0, x1
    blr     x9
// Nothing is known here but that this code is mapped; the registers come from memory once it is
// read in the right byte order.
rogue_rescue:
    msr     daifset, #0xf
    mov     x0, #0x1805         // SCTLR_EL1: RES1 bits, M, C, I
    movk    x0, #0x30d0, lsl #16
    msr     sctlr_el1, x0
    isb
    adrp    x0, rogue_common
    add     x0, x0, :lo12:rogue_common
    ldp     x1, x2, [x0]
    ldp     x3, x4, [x0, #16]
    msr     ttbr0_el1, x1
    msr     tcr_el1, x2
    msr     mair_el1, x3
    msr     sctlr_el1, x4
    dsb     ish
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    adrp    x0, rogue_vectors
    add     x0, x0, :lo12:rogue_vectors
    msr     vbar_el1, x0
    mov     x0, #(3 << 20)      // CPACR_EL1.FPEN
    msr     cpacr_el1, x0
    msr     mdscr_el1, xzr
    msr     oslar_el1, xzr
    msr     spsel, #1
    mrs     x1, mpidr_el1
    and     x1, x1, #0xf
    msr     tpidr_el1, x1
    adrp    x2, rogue_points
    add     x2, x2, :lo12:rogue_points
    add     x2, x2, x1, lsl #7
    isb
    ldr     x9, [x2, #96]
    mov     sp, x9
    ldp     x29, x30, [x2, #80]
    ldp     x27, x28, [x2, #64]
    ldp     x25, x26, [x2, #48]
    ldp     x23, x24, [x2, #32]
    ldp     x21, x22, [x2, #16]
    ldp     x19, x20, [x2]
    ret

.macro load_registers           // from x0 on; x18 stays
    ldr     x30, [x0, #240]
    ldp     x28, x29, [x0, #224]
    ldp     x26, x27, [x0, #208]
    ldp     x24, x25, [x0, #192]
    ldp     x22, x23, [x0, #176]
    ldp     x20, x21, [x0, #160]
    ldr     x19, [x0, #152]
    ldp     x16, x17, [x0, #128]
    ldp     x14, x15, [x0, #112]
    ldp     x12, x13, [x0, #96]
    ldp     x10, x11, [x0, #80]
    ldp     x8, x9, [x0, #64]
    ldp     x6, x7, [x0, #48]
    ldp     x4, x5, [x0, #32]
    ldp     x2, x3, [x0, #16]
    ldp     x0, x1, [x0]
.endm

// void rogue_jump(registers, to)
    .global rogue_jump
rogue_jump:
    mov     x18, x1
    load_registers
    msr     daifclr, #0xf
    br      x18

// void rogue_drop(registers, to, pstate)
    .global rogue_drop
rogue_drop:
    msr     elr_el1, x1
    msr     spsr_el1, x2
    isb
    load_registers
    eret
