// Where the machine enters Bulkhead: the arm64 Image header, the boot CPU and the secondary CPUs.
// MMU and data cache are off until `switch_on_mmu`; until then every address is physical and
// position-independent (adrp), after it the image runs at its link address.

#include "arm64/entry_constants.h"

    .section .text.header, "ax"
    // Linux Documentation/arm64/booting.rst, "The decompressed kernel image"
    b       primary_entry
    .long   0
    .quad   0                               // text_offset
    .quad   image_size                      // with .bss
    .quad   0xa                             // 4 KiB pages, anywhere in RAM
    .quad   0
    .quad   0
    .quad   0
    .ascii  "ARM\x64"
    .long   0

    .section .text.entry, "ax"
    .global primary_entry
primary_entry:
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    stop                            // not EL2: nothing can be said without a console
    mov     x20, x0                         // the device tree's physical address
    mrs     x22, CNTPCT_EL0                 // for the boot time that main reports
    bl      sanitise_el2

    // Nobody cleaned what the caches hold of .bss, and what they hold of it must not come back.
    adrp    x0, bss_start
    adrp    x1, bss_end
    bl      invalidate_range
    adrp    x0, bss_start
    adrp    x1, bss_end
0:  stp     xzr, xzr, [x0], #64             // .bss is whole pages
    stp     xzr, xzr, [x0, #-48]
    stp     xzr, xzr, [x0, #-32]
    stp     xzr, xzr, [x0, #-16]
    cmp     x0, x1
    b.lo    0b

    adrp    x0, boot_stack_end
    mov     sp, x0
    adrp    x0, image_start
    bl      build_boot_tables               // arm64/boot_tables.cpp

    // The tables were written past the cache, which may have fetched older contents meanwhile.
    adrp    x0, bss_start
    adrp    x1, bss_end
    bl      invalidate_range

    ldr     x21, =primary_continue
    b       switch_on_mmu
primary_continue:
    ldr     x0, =boot_stack_end
    mov     sp, x0
    mov     x29, xzr
    mov     x30, xzr
    mov     x0, x20
    mov     x1, x23                         // the image's physical address, from switch_on_mmu
    mov     x2, x22
    b       bulkhead_main                   // main.cpp
    .ltorg

// PSCI CPU_ON enters here with the CPU's number in x0 (Arm DEN0022, 6.4); spin-table CPUs come
// through spin_table_entry.
    .global secondary_entry
secondary_entry:
    mov     x20, x0
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    stop
    bl      sanitise_el2
    ldr     x21, =secondary_continue
    b       switch_on_mmu
secondary_continue:
    mov     x0, #STACK_SLOT
    ldr     x1, =STACKS_BASE
    madd    x1, x20, x0, x1
    add     sp, x1, x0
    mov     x29, xzr
    mov     x30, xzr
    mov     x0, x20
    b       bulkhead_secondary_main         // main.cpp
    .ltorg

// A spin-table has no argument: the CPU finds its number by its affinity.
    .global spin_table_entry
spin_table_entry:
    mrs     x1, MPIDR_EL1
    ldr     x2, =0xff00ffffff
    and     x1, x1, x2
    adrp    x3, secondary_affinities
    add     x3, x3, :lo12:secondary_affinities
    mov     x0, #0
1:  ldr     x4, [x3, x0, lsl #3]
    cmp     x4, x1
    b.eq    secondary_entry
    add     x0, x0, #1
    cmp     x0, #MAX_CPUS
    b.lo    1b
    b       stop
    .ltorg

stop:
    wfe
    b       stop

// Firmware may leave EL2's controls in any state; masks interrupts, little-endian, no traps of ours.
sanitise_el2:
    msr     DAIFSet, #0xf
    msr     SPSel, #1
    msr     TPIDR_EL2, xzr                  // no CPU number yet, should something fail
    ldr     x1, =SCTLR_EL2_RES1
    msr     SCTLR_EL2, x1
    mov     x1, #0x80000000                 // HCR_EL2.RW, and not E2H
    msr     HCR_EL2, x1
    isb
    mov     x1, #0x33ff                     // CPTR_EL2 RES1 bits: nothing trapped
    msr     CPTR_EL2, x1
    msr     HSTR_EL2, xzr
    isb
    ret

// x21: the virtual address to go on at. Clobbers x1-x4, x23.
switch_on_mmu:
    adrp    x23, image_start
    adrp    x1, boot_root_table
    msr     TTBR0_EL2, x1
    ldr     x1, =MAIR_EL2_VALUE
    msr     MAIR_EL2, x1
    ldr     x1, =TCR_EL2_VALUE
    mrs     x2, ID_AA64MMFR0_EL1
    and     x2, x2, #7                      // PARange; 6 and above mean more than 48 bits
    mov     x3, #5
    cmp     x2, x3
    csel    x2, x2, x3, ls
    orr     x1, x1, x2, lsl #16             // TCR_EL2.PS
    msr     TCR_EL2, x1
    ic      iallu
    tlbi    alle2
    dsb     nsh
    isb
    ldr     x1, =SCTLR_EL2_VALUE
    msr     SCTLR_EL2, x1
    isb
    ldr     x1, =vectors
    msr     VBAR_EL2, x1
    br      x21
    .ltorg

// [x0, x1), to the point of coherency. Clobbers x0, x2, x3.
invalidate_range:
    mrs     x2, CTR_EL0
    ubfx    x2, x2, #16, #4                 // DminLine, log2 of words
    mov     x3, #4
    lsl     x2, x3, x2
2:  dc      ivac, x0
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    2b
    dsb     sy
    ret

    .section .bss.boot_stack, "aw", %nobits
    .balign 4096
    .skip   BOOT_STACK_SIZE
    .global boot_stack_end
boot_stack_end:
