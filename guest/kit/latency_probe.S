// What is measured ends at the first instruction of the handler, so the vector itself reads the
// counter. Nothing has to be saved: it interrupts only the functions below, of which x0 is the
// result. The handler does not return from the exception either: at EL1 with SP_EL1 and everything
// masked is where the caller continues.

    .section .text.vectors, "ax"
    .balign 2048
    .global probe_vectors
probe_vectors:
    // From EL1 with SP_EL0: probe_wait waits so for the physical timer.
    .balign 128
    b       guest_vectors + 0x000
    .balign 128
    mrs     x0, cntpct_el0
    ret
    .balign 128
    b       guest_vectors + 0x100
    .balign 128
    b       guest_vectors + 0x180
    // From EL1 with SP_EL1: for everything that is measured by the virtual counter.
    .balign 128
    b       guest_vectors + 0x200
    .balign 128
    mrs     x0, cntvct_el0
    ret
    .balign 128
    b       guest_vectors + 0x300
    .balign 128
    b       guest_vectors + 0x380

    .text
// uint64_t probe_wait(bool sleep, bool physical): wait for the IRQ, asleep or busy, and return
// the counter as its vector read it. IRQs are masked before and after.
    .global probe_wait
probe_wait:
    cbz     x1, 1f
    msr     spsel, #0
1:  cbz     x0, 3f
    msr     daifclr, #2
2:  wfi
    b       2b
3:  msr     daifclr, #2
4:  b       4b

// ProbeSpan probe_store(value, address), probe_sgi1r(value): the counter (x1), the write that has an
// interrupt come to this CPU, the counter at its handler (x0).
    .global probe_store
probe_store:
    mov     x2, x1
    msr     daifclr, #2
    mrs     x1, cntvct_el0
    str     w0, [x2]
5:  b       5b

    .global probe_sgi1r
probe_sgi1r:
    msr     daifclr, #2
    mrs     x1, cntvct_el0
    msr     S3_0_C12_C11_5, x0  // ICC_SGI1R_EL1
6:  b       6b

// ProbeSpan probe_timed_...: the counter (x1), one instruction, the counter (x0).
    .global probe_timed_load
probe_timed_load:               // (address)
    mov     x2, x0
    mrs     x1, cntvct_el0
    ldr     w3, [x2]
    mrs     x0, cntvct_el0
    ret

    .global probe_timed_store
probe_timed_store:              // (value, address)
    mov     x2, x1
    mrs     x1, cntvct_el0
    str     w0, [x2]
    mrs     x0, cntvct_el0
    ret

    .global probe_timed_sgi1r
probe_timed_sgi1r:              // (value)
    mrs     x1, cntvct_el0
    msr     S3_0_C12_C11_5, x0  // ICC_SGI1R_EL1
    mrs     x0, cntvct_el0
    ret

    .global probe_timed_hvc
probe_timed_hvc:                // (function): SMC Calling Convention; x4-x17 may be lost
    stp     x19, x30, [sp, #-16]!
    mrs     x19, cntvct_el0
    hvc     #0
    mrs     x0, cntvct_el0
    mov     x1, x19
    ldp     x19, x30, [sp], #16
    ret

    .global probe_timed_hypercall
probe_timed_hypercall:          // (number, first argument): Xen's
    stp     x19, x30, [sp, #-16]!
    mov     x16, x0
    mov     x0, x1
    mov     x1, xzr
    mrs     x19, cntvct_el0
    hvc     #0xea1
    mrs     x0, cntvct_el0
    mov     x1, x19
    ldp     x19, x30, [sp], #16
    ret
