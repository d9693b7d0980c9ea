// One thread stops, another goes on: the only place where that happens.

#include "Context.h"

        .arch_extension fp
        .arch_extension simd

        .macro  vectors operation, base
        \operation q0, q1, [\base, #(0 * 16)]
        \operation q2, q3, [\base, #(2 * 16)]
        \operation q4, q5, [\base, #(4 * 16)]
        \operation q6, q7, [\base, #(6 * 16)]
        \operation q8, q9, [\base, #(8 * 16)]
        \operation q10, q11, [\base, #(10 * 16)]
        \operation q12, q13, [\base, #(12 * 16)]
        \operation q14, q15, [\base, #(14 * 16)]
        \operation q16, q17, [\base, #(16 * 16)]
        \operation q18, q19, [\base, #(18 * 16)]
        \operation q20, q21, [\base, #(20 * 16)]
        \operation q22, q23, [\base, #(22 * 16)]
        \operation q24, q25, [\base, #(24 * 16)]
        \operation q26, q27, [\base, #(26 * 16)]
        \operation q28, q29, [\base, #(28 * 16)]
        \operation q30, q31, [\base, #(30 * 16)]
        .endm

        .macro  save_vectors context
        mrs     x9, fpcr
        mrs     x10, fpsr
        stp     x9, x10, [\context, #CONTEXT_FPCR]
        add     x11, \context, #CONTEXT_V
        vectors stp, x11
        .endm

        .macro  load_vectors context
        ldp     x9, x10, [\context, #CONTEXT_FPCR]
        add     x11, \context, #CONTEXT_V
        vectors ldp, x11
        msr     fpcr, x9
        msr     fpsr, x10
        .endm

        .text
// void akuma_switch_context(struct Context *from, struct Context *to)
        .global akuma_switch_context
akuma_switch_context:
        stp     x19, x20, [x0, #0]
        stp     x21, x22, [x0, #16]
        stp     x23, x24, [x0, #32]
        stp     x25, x26, [x0, #48]
        stp     x27, x28, [x0, #64]
        stp     x29, x30, [x0, #80]
        mov     x9, sp
        mrs     x10, tpidr_el0
        mrs     x11, tpidrro_el0
        stp     x9, x10, [x0, #CONTEXT_SP]
        str     x11, [x0, #CONTEXT_TPIDRRO]
        save_vectors x0
        load_vectors x1
        ldp     x9, x10, [x1, #CONTEXT_SP]
        ldr     x11, [x1, #CONTEXT_TPIDRRO]
        mov     sp, x9
        msr     tpidr_el0, x10
        msr     tpidrro_el0, x11
        ldp     x19, x20, [x1, #0]
        ldp     x21, x22, [x1, #16]
        ldp     x23, x24, [x1, #32]
        ldp     x25, x26, [x1, #48]
        ldp     x27, x28, [x1, #64]
        ldp     x29, x30, [x1, #80]
        ret

// A new thread: the kernel's part first (x19 is its argument), then out to the TrapFrame at the top of its stack.
        .global akuma_thread_trampoline
akuma_thread_trampoline:
        mov     x29, #0
        mov     x0, x19
        bl      akuma_thread_start
        b       akuma_return_to_program

        .global akuma_save_vectors
akuma_save_vectors:
        save_vectors x0
        ret

        .global akuma_load_vectors
akuma_load_vectors:
        load_vectors x0
        ret

        .section .note.GNU-stack, "", @progbits
