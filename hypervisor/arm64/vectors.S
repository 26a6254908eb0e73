// EL2's exception vectors (Arm ARM D1.3.1.5). EL2 runs with interrupts masked, so an exception from
// EL2 itself is a defect. From the guest, SP_EL2 is the top of this CPU's stack: the frame of
// x0-x30 goes there. PC and PSTATE stay in ELR_EL2 and SPSR_EL2.

#include "arm64/entry_constants.h"

    .set FRAME, 256                 // x0 to x30, and 8 bytes for alignment

    .macro save_volatile            // what C++ may clobber
    sub     sp, sp, #FRAME
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    str     x18, [sp, #144]
    stp     x29, x30, [sp, #232]
    .endm

    .macro restore_volatile
    ldp     x0, x1, [sp, #0]
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldr     x18, [sp, #144]
    ldp     x29, x30, [sp, #232]
    add     sp, sp, #FRAME
    .endm

    .macro save_preserved           // the rest, for code that reads or changes any register
    stp     x19, x20, [sp, #152]
    stp     x21, x22, [sp, #168]
    stp     x23, x24, [sp, #184]
    stp     x25, x26, [sp, #200]
    stp     x27, x28, [sp, #216]
    .endm

    .macro restore_preserved
    ldp     x19, x20, [sp, #152]
    ldp     x21, x22, [sp, #168]
    ldp     x23, x24, [sp, #184]
    ldp     x25, x26, [sp, #200]
    ldp     x27, x28, [sp, #216]
    .endm

    .macro vector
    .balign 128
    .endm

    .macro defect                   // an exception taken from EL2
    vector
    msr     TPIDR_EL0, x30          // the machine stops here, so the guest's register serves
    bl      el2_exception           // x30 says which vector
    .endm

    .macro interrupt_from_guest handler, barrier
    vector
    save_volatile
    .ifnb   \barrier
    bl      \barrier
    .endif
    mrs     x0, TPIDR_EL2
    bl      \handler                // bool: something else wants this CPU
    tbnz    w0, #0, leave_guest
    .ifnb   \barrier
    b       return_to_guest
    .else
    restore_volatile
    eret
    .endif
    .endm

    .macro trap_from_guest barrier
    vector
    save_volatile
    .ifnb   \barrier
    bl      \barrier
    .endif
    mrs     x0, TPIDR_EL2
    mov     x1, sp
    bl      synchronous_from_guest  // trap.cpp
    mrs     x0, TPIDR_EL2
    ldr     w0, [x0]                // RunningVcpu::attention
    cbnz    w0, leave_guest
    restore_volatile
    eret
    .endm

    .macro error_from_guest barrier
    vector
    save_volatile
    .ifnb   \barrier
    bl      \barrier
    .endif
    b       system_error
    .endm

    .macro vectors_of_lower_level interrupt_handler, barrier
    trap_from_guest \barrier
    interrupt_from_guest \interrupt_handler, \barrier
    interrupt_from_guest \interrupt_handler, \barrier
    error_from_guest \barrier
    .endm

    .macro vector_table name
    .balign 2048
    .global \name
\name:
    .endm

// Four vectors each: synchronous, IRQ, FIQ, SError. What the tables share lies in the room after the
// first one's first eight.

    .section .text.vectors, "ax"
    vector_table vectors
    defect                          // current EL with SP0
// synchronous_from_guest ends here where the instruction names one of the registers that C++
// preserves; never returns to the vector.
    .global with_all_registers
with_all_registers:                 // (vcpu, registers, syndrome)
    save_preserved
    bl      carry_out               // trap.cpp
    mrs     x0, TPIDR_EL2
    ldr     w0, [x0]
    cbz     w0, enter_guest
    b       leave_guest_saved

    defect
system_error:
    save_preserved
    mov     x0, sp
    mrs     x1, TPIDR_EL2
    bl      system_error_from_guest
    b       leave_guest_saved

    defect
leave_guest:
    save_preserved
leave_guest_saved:
    mov     x0, sp
    bl      reconsider              // cpu.cpp: returns with a guest's registers in the frame
enter_guest:
    restore_preserved
return_to_guest:
    restore_volatile
    eret

    defect
// A fresh CPU: x0 is its stack's top.
    .global start_guests
start_guests:
    mov     sp, x0
    sub     sp, sp, #FRAME
    mov     x29, xzr
    mov     x0, sp
    bl      reconsider
    b       enter_guest

    defect                          // current EL with SPx
el2_exception:
    msr     TPIDRRO_EL0, x0
    ldr     x0, =panic_stack_end
    add     sp, sp, x0              // SP and x0 change places without a third register
    sub     x0, sp, x0
    sub     sp, sp, x0
    stp     x0, x30, [sp, #-16]!
    mrs     x0, TPIDRRO_EL0
    mrs     x30, TPIDR_EL0
    save_volatile
    save_preserved
    mov     x1, sp
    ldp     x2, x0, [sp, #FRAME]
    b       exception_in_el2        // panic.cpp: vector, registers, SP
    .ltorg

    defect
// PerCpu::branch_barrier, before EL2's first indirect branch. 1: CLRBHB. Other small numbers: so
// many rounds of a loop that fills the branch history. Else a firmware function. x0-x18 are free.
forget_branches:
    mrs     x0, TPIDR_EL2
    ldr     x0, [x0, #RUNNING_VCPU_CPU]
    ldr     w0, [x0, #PER_CPU_BRANCH_BARRIER]
    tbnz    w0, #31, 1f
    cmp     w0, #1
    b.ne    0f
    hint    #22                     // CLRBHB
    isb
    ret
0:  b       . + 4
    subs    w0, w0, #1
    b.ne    0b
    dsb     nsh
    isb
    ret
1:  smc     #0                      // SMCCC_ARCH_WORKAROUND_1 or _3: keeps x4 on (DEN0028, 2.6)
    ret

    defect
    defect
    .org    vectors + 0x400         // nothing above was too long
    vectors_of_lower_level interrupt_from_guest_v3  // AArch64
    vectors_of_lower_level interrupt_from_guest_v3  // AArch32 (EL0)

    vector_table vectors_gicv2
    .rept   8
    defect
    .endr
    vectors_of_lower_level interrupt_from_guest_v2
    vectors_of_lower_level interrupt_from_guest_v2

// For CPUs whose predictors a guest can train against EL2 (speculation.cpp): any GIC.
    vector_table vectors_hardened
    .rept   8
    defect
    .endr
    vectors_of_lower_level interrupt_from_guest, forget_branches
    vectors_of_lower_level interrupt_from_guest, forget_branches

    .section .bss.panic_stack, "aw", %nobits
    .balign 16
    .skip   0x2000
panic_stack_end:
