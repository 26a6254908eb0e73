// EL2's exception vectors (Arm ARM D1.3.1.5). EL2 runs with interrupts masked, so an exception from
// EL2 itself is a defect. From the guest, SP_EL2 is the top of this CPU's stack: the frame of
// x0-x30 goes there. PC and PSTATE stay in ELR_EL2 and SPSR_EL2.

    .set FRAME, 256

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

    .macro defect kind              // an exception taken from EL2
    vector
    msr     TPIDR_EL0, x0           // the machine stops here, so the guest's register serves
    mov     x0, sp
    msr     TPIDRRO_EL0, x0
    mov     x0, #\kind
    b       el2_exception
    .endm

    .macro interrupt_from_guest handler
    vector
    save_volatile
    mrs     x0, TPIDR_EL2
    bl      \handler                // bool: something else wants this CPU
    tbnz    w0, #0, leave_guest
    restore_volatile
    eret
    .endm

    .macro trap_from_guest handler
    vector
    save_volatile
    b       \handler
    .endm

    .macro vector_table name, interrupt_handler
    .balign 2048
    .global \name
\name:
    defect  0                       // current EL with SP0
    defect  1
    defect  2
    defect  3
    defect  4                       // current EL with SPx
    defect  5
    defect  6
    defect  7
    trap_from_guest synchronous     // lower EL, AArch64
    interrupt_from_guest \interrupt_handler
    interrupt_from_guest \interrupt_handler
    trap_from_guest system_error
    trap_from_guest synchronous     // lower EL, AArch32 (EL0)
    interrupt_from_guest \interrupt_handler
    interrupt_from_guest \interrupt_handler
    trap_from_guest system_error
    .balign 128
    .endm

    .section .text.vectors, "ax"
    vector_table vectors, interrupt_from_guest_v3
    vector_table vectors_gicv2, interrupt_from_guest_v2

synchronous:
    save_preserved
    mov     x0, sp
    mrs     x1, TPIDR_EL2
    bl      synchronous_from_guest  // trap.cpp; bool: something else wants this CPU
    tbnz    w0, #0, leave_guest_saved
    restore_preserved
    restore_volatile
    eret

system_error:
    save_preserved
    mov     x0, sp
    mrs     x1, TPIDR_EL2
    bl      system_error_from_guest
    b       leave_guest_saved

leave_guest:
    save_preserved
leave_guest_saved:
    mov     x0, sp
    bl      reconsider              // cpu.cpp: returns with a guest's registers in the frame
    .global enter_guest
enter_guest:
    restore_preserved
    restore_volatile
    eret

// A fresh CPU: x0 is its stack's top.
    .section .text, "ax"
    .global start_guests
start_guests:
    mov     sp, x0
    sub     sp, sp, #FRAME
    mov     x29, xzr
    mov     x0, sp
    bl      reconsider
    b       enter_guest

el2_exception:
    ldr     x1, =panic_stack_end
    mov     sp, x1
    sub     sp, sp, #FRAME
    stp     x2, x3, [sp, #16]
    mrs     x2, TPIDR_EL0
    stp     x2, xzr, [sp, #0]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    str     x18, [sp, #144]
    save_preserved
    stp     x29, x30, [sp, #232]
    mrs     x2, TPIDRRO_EL0
    mov     x1, sp
    b       exception_in_el2        // panic.cpp: kind, frame, sp
    .ltorg

    .section .bss.panic_stack, "aw", %nobits
    .balign 16
    .skip   0x2000
panic_stack_end:
