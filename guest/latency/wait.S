// What is measured ends at the first instruction of the handler, so the vector itself reads the
// counter. Nothing has to be saved: it interrupts only latency_wait, of which x0 is the result.
// The handler does not return from the exception either: at EL1 with SP_EL1 and everything masked
// is where the caller continues.

    .section .text.vectors, "ax"
    .balign 2048
    .global latency_vectors
latency_vectors:
    // From EL1 with SP_EL0: latency_wait waits so for the physical timer.
    .balign 128
    b       guest_vectors + 0x000
    .balign 128
    mrs     x0, cntpct_el0
    ret
    .balign 128
    b       guest_vectors + 0x100
    .balign 128
    b       guest_vectors + 0x180
    // From EL1 with SP_EL1: for the virtual timer.
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
// uint64_t latency_wait(bool sleep, bool physical): wait for the IRQ, asleep or busy, and return
// the counter as its vector read it. IRQs are masked before and after.
    .global latency_wait
latency_wait:
    cbz     x1, 1f
    msr     spsel, #0
1:  cbz     x0, 3f
    msr     daifclr, #2
2:  wfi
    b       2b
3:  msr     daifclr, #2
4:  b       4b
