// Where a guest begins: an arm64 Image that runs wherever it was put, alone on a machine or in a
// domain. Layout of the header: Linux, Documentation/arm64/booting.rst, "Call the kernel image".
// On entry x0 = device tree, MMU and data cache off, EL1 or EL2.

#define STACK_SIZE 8192 // one CPU's; cpu.hpp has the same number

    .section .head, "ax"
    .global guest_image_start
guest_image_start:
    b       primary_entry
    .long   0
    .quad   0                   // text_offset: the start of RAM
    .quad   guest_image_end - . + 16 // image_size, from the start: with the zeroed data and the stacks
    .quad   0xa                 // little-endian, 4 KiB pages, anywhere in RAM
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

    .text
primary_entry:
    mrs     x20, cntpct_el0     // Board::entered_at
    mov     x19, x0
    bl      enter_el1

    // Apply the image's own relocations: only R_AARCH64_RELATIVE occurs in a static PIE
    // (ELF for the Arm 64-bit Architecture, 5.7.15), so the address is load base + addend.
    adrp    x0, guest_image_start
    add     x0, x0, :lo12:guest_image_start
    adrp    x1, guest_relocations_start
    add     x1, x1, :lo12:guest_relocations_start
    adrp    x2, guest_relocations_end
    add     x2, x2, :lo12:guest_relocations_end
1:  cmp     x1, x2
    b.hs    2f
    ldr     x3, [x1]            // r_offset
    ldr     x4, [x1, #16]       // r_addend
    add     x4, x4, x0
    str     x4, [x0, x3]
    add     x1, x1, #24
    b       1b

2:  adrp    x0, guest_zeroed_start
    add     x0, x0, :lo12:guest_zeroed_start
    adrp    x1, guest_zeroed_end
    add     x1, x1, :lo12:guest_zeroed_end
3:  cmp     x0, x1
    b.hs    4f
    stp     xzr, xzr, [x0], #16
    b       3b

4:  adrp    x0, guest_stacks
    add     x0, x0, :lo12:guest_stacks
    add     sp, x0, #STACK_SIZE
    msr     tpidr_el1, xzr      // the boot CPU is number 0
    adrp    x0, guest_vectors
    add     x0, x0, :lo12:guest_vectors
    msr     vbar_el1, x0
    isb
    mov     x29, xzr
    mov     x30, xzr
    mov     x0, x19
    mov     x1, x20
    b       guest_start

// PSCI CPU_ON comes here with x0 = the CPU's SecondaryContext (cpu.cpp), cleaned to memory.
    .global guest_secondary_entry
guest_secondary_entry:
    mov     x19, x0
    bl      enter_el1
    ldp     x0, x1, [x19]       // TTBR0_EL1, TCR_EL1
    ldp     x2, x3, [x19, #16]  // MAIR_EL1, SCTLR_EL1
    ldp     x20, x21, [x19, #32] // number, top of stack
    bl      guest_enable_mmu
    mov     sp, x21
    msr     tpidr_el1, x20
    adrp    x0, guest_vectors
    add     x0, x0, :lo12:guest_vectors
    msr     vbar_el1, x0
    isb
    mov     x29, xzr
    mov     x30, xzr
    b       guest_secondary_start

// void guest_enable_mmu(ttbr0, tcr, mair, sctlr)
    .global guest_enable_mmu
guest_enable_mmu:
    msr     ttbr0_el1, x0
    msr     tcr_el1, x1
    msr     mair_el1, x2
    dsb     ish
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    msr     sctlr_el1, x3
    isb
    ret

// Go on at EL1 with SP_EL1, everything masked, MMU off and floating point on (libfdt is prebuilt
// and may use its registers). Keeps x19-x29.
enter_el1:
    mov     x9, x30
    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    b.ne    2f

    mov     x0, #(1 << 31)      // HCR_EL2.RW: EL1 is AArch64, nothing is trapped
    orr     x0, x0, #(1 << 29)  // HCR_EL2.HCD: HVC is undefined, as nobody stays at EL2
    msr     hcr_el2, x0
    mrs     x0, cnthctl_el2
    orr     x0, x0, #3          // EL1PCTEN, EL1PCEN: the physical timer is EL1's too
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    mrs     x0, midr_el1
    msr     vpidr_el2, x0
    mrs     x0, mpidr_el1
    msr     vmpidr_el2, x0
    mov     x0, #0x33ff         // CPTR_EL2: RES1 bits only, floating point is not trapped
    msr     cptr_el2, x0
    msr     hstr_el2, xzr
    msr     vttbr_el2, xzr
    mrs     x0, id_aa64dfr0_el1
    ubfx    x1, x0, #8, #4      // PMUVer: 0 none, 15 not the architecture's
    sub     x1, x1, #1
    mov     x2, xzr
    cmp     x1, #14
    b.hs    1f
    mrs     x2, pmcr_el0
    ubfx    x2, x2, #11, #5     // MDCR_EL2.HPMN = PMCR_EL0.N: all counters are EL1's
1:  msr     mdcr_el2, x2
    mrs     x0, id_aa64pfr0_el1
    tst     x0, #(0xf << 24)    // GIC: the system register interface is there
    b.eq    3f
    mov     x0, #0xf            // ICC_SRE_EL2: SRE, DFB, DIB, Enable
    msr     S3_4_C12_C9_5, x0
    isb
    msr     S3_4_C12_C11_0, xzr // ICH_HCR_EL2: no virtual interface
3:  bl      guest_at_el2
    mov     x0, #0x3c5          // EL1h, DAIF masked
    msr     spsr_el2, x0
    adr     x0, 2f
    msr     elr_el2, x0
    eret

2:  msr     daifset, #0xf
    msr     spsel, #1
    mov     x0, #0x0800         // SCTLR_EL1: RES1 bits only
    movk    x0, #0x30d0, lsl #16
    msr     sctlr_el1, x0
    mov     x0, #(3 << 20)      // CPACR_EL1.FPEN
    msr     cpacr_el1, x0
    isb
    ret     x9

// A guest that leaves something at EL2 has its own. May change x0-x8.
    .weak   guest_at_el2
guest_at_el2:
    ret

    .section .stacks, "aw", @nobits
    .balign 16
    .global guest_stacks
guest_stacks:
    .skip   STACK_SIZE * 16
