// The exception vectors: every exception is saved as an ExceptionFrame (exception.hpp) and handed
// to guest_exception, then returned from. Arm ARM, "Exception vectors".

#define FRAME_SIZE 288

.macro vector kind
    .balign 128
    sub     sp, sp, #FRAME_SIZE
    stp     x0, x1, [sp]
    mov     x1, #\kind
    b       save_and_handle
.endm

    .section .text.vectors, "ax"
    .balign 2048
    .global guest_vectors
guest_vectors:
    // From EL1 with SP_EL0, which nobody uses: the frame goes to SP_EL1 like any other.
    vector 0
    vector 1
    vector 2
    vector 3
    // From EL1 with SP_EL1: where the guest runs.
    vector 0
    vector 1
    vector 2
    vector 3
    // From EL0, AArch64 then AArch32: there is none.
    vector 4
    vector 4
    vector 4
    vector 4
    vector 4
    vector 4
    vector 4
    vector 4

save_and_handle:
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    mrs     x2, elr_el1
    stp     x30, x2, [sp, #240]
    mrs     x2, spsr_el1
    mrs     x3, esr_el1
    stp     x2, x3, [sp, #256]
    mrs     x2, far_el1
    str     x2, [sp, #272]
    mov     x0, sp
    bl      guest_exception
    ldr     x2, [sp, #256]
    msr     spsr_el1, x2
    ldp     x30, x2, [sp, #240]
    msr     elr_el1, x2
    ldp     x28, x29, [sp, #224]
    ldp     x26, x27, [sp, #208]
    ldp     x24, x25, [sp, #192]
    ldp     x22, x23, [sp, #176]
    ldp     x20, x21, [sp, #160]
    ldp     x18, x19, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp]
    add     sp, sp, #FRAME_SIZE
    eret

// bool guest_call_guarded(function, argument, RecoveryPoint*): calls function(argument). Returns
// false when it returned, true when an exception made the kit come back by guest_recover.
    .global guest_call_guarded
guest_call_guarded:
    stp     x19, x20, [x2]
    stp     x21, x22, [x2, #16]
    stp     x23, x24, [x2, #32]
    stp     x25, x26, [x2, #48]
    stp     x27, x28, [x2, #64]
    stp     x29, x30, [x2, #80]
    mov     x9, sp
    mrs     x10, daif
    stp     x9, x10, [x2, #96]
    mov     x19, x2             // the callee keeps it, and it is restored below
    mov     x9, x0
    mov     x0, x1
    blr     x9
    mov     x2, x19
    mov     x0, #0
    b       1f

// Reached by eret with x0 = the RecoveryPoint.
    .global guest_recover
guest_recover:
    mov     x2, x0
    mov     x0, #1
1:  ldp     x9, x10, [x2, #96]
    mov     sp, x9
    msr     daif, x10
    ldp     x29, x30, [x2, #80]
    ldp     x27, x28, [x2, #64]
    ldp     x25, x26, [x2, #48]
    ldp     x23, x24, [x2, #32]
    ldp     x21, x22, [x2, #16]
    ldp     x19, x20, [x2]
    ret
