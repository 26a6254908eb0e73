// Registers whose number is in their name: a jump into a row of instructions.

    .altmacro

// The guest's breakpoints and watchpoints. x0: pairs of value and control; w1: how many of them the
// CPU has, at least one, of which 6 or 4 are used (machine/guest_state.hpp).

    .macro  save_pair value, control
    mrs     x3, \value
    mrs     x4, \control
    stp     x3, x4, [x0], #-16
    .endm

    .macro  load_pair value, control
    ldp     x3, x4, [x0], #-16
    msr     \value, x3
    msr     \control, x4
    .endm

    .macro  pair_number action, kind, n
    \action dbg\kind\()vr\n\()_el1, dbg\kind\()cr\n\()_el1
    .endm

    .macro  all_pairs name, action, kind, most
    .global \name
\name:
    mov     w2, #\most
    cmp     w1, w2
    csel    w1, w1, w2, lo
    adr     x3, 9f                  // 12 bytes a pair, the last one first
    mov     w4, #12
    umsubl  x3, w1, w4, x3
    sub     w1, w1, #1
    add     x0, x0, w1, uxtw #4
    br      x3
    .set    n, \most
    .rept   \most
    .set    n, n - 1
    pair_number \action, \kind, %n
    .endr
9:  ret
    .endm

    .section .text.numbered, "ax"
    all_pairs save_breakpoints, save_pair, b, 6
    all_pairs load_breakpoints, load_pair, b, 6
    all_pairs save_watchpoints, save_pair, w, 4
    all_pairs load_watchpoints, load_pair, w, 4

// The ID register with w0 = 8 * CRm + Op2, CRm from 1 to 7, goes to x0. All of them read.
    .macro  read_id crm, op2
    mrs     x0, S3_0_C0_C\crm\()_\op2
    ret
    .endm

    .global read_id_register
read_id_register:
    adr     x1, 9f - 8 * 8
    add     x1, x1, w0, uxtw #3
    br      x1
9:  .set    n, 8
    .rept   7 * 8
    read_id %(n / 8), %(n % 8)
    .set    n, n + 1
    .endr
