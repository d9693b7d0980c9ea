// See RegisterTest.h. Around the action no register is ours but SP.

        .macro  ACROSS name, action:vararg
        .section .text.akuma_registers_across_\name, "ax", %progbits
        .globl  akuma_registers_across_\name
        .type   akuma_registers_across_\name, %function
akuma_registers_across_\name:
        stp     x29, x30, [sp, #-192]!
        stp     x19, x20, [sp, #16]
        stp     x21, x22, [sp, #32]
        stp     x23, x24, [sp, #48]
        stp     x25, x26, [sp, #64]
        stp     x27, x28, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x2, fpcr
        mrs     x3, tpidr_el0
        stp     x2, x3, [sp, #160]
        str     x1, [sp, #176]                  // after

        ldr     x2, [x0, #248]
        msr     nzcv, x2
        ldr     x2, [x0, #256]
        msr     fpcr, x2
        ldr     x2, [x0, #264]
        msr     fpsr, x2
        ldr     x2, [x0, #272]
        msr     tpidr_el0, x2
        add     x1, x0, #288
        VECTORS ldp, x1
        .irp    n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
        PAIR    ldp, x, \n, x0, 8, 0
        .endr
        ldr     x30, [x0, #240]
        ldp     x0, x1, [x0]
        \action
        stp     x0, x1, [sp, #-16]!
        ldr     x0, [sp, #(16 + 176)]
        .irp    n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
        PAIR    stp, x, \n, x0, 8, 0
        .endr
        str     x30, [x0, #240]
        mrs     x2, nzcv
        str     x2, [x0, #248]
        mrs     x2, fpcr
        str     x2, [x0, #256]
        mrs     x2, fpsr
        str     x2, [x0, #264]
        mrs     x2, tpidr_el0
        str     x2, [x0, #272]
        add     x2, sp, #16
        str     x2, [x0, #280]
        add     x1, x0, #288
        VECTORS stp, x1
        ldp     x2, x3, [sp], #16
        stp     x2, x3, [x0]

        ldp     x2, x3, [sp, #160]
        msr     fpcr, x2
        msr     tpidr_el0, x3
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        ldp     x29, x30, [sp], #192
        ret
        .size   akuma_registers_across_\name, . - akuma_registers_across_\name
        .endm

        .altmacro
        .macro  PAIR instruction, kind, n, base, width, offset
        PAIR2   \instruction, \kind, \n, %(\n + 1), \base, \width, \offset
        .endm
        .macro  PAIR2 instruction, kind, n, m, base, width, offset
        \instruction \kind\()\n, \kind\()\m, [\base, #(\width * \n + \offset)]
        .endm
        .macro  VECTORS instruction, base
        .irp    n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
        PAIR    \instruction, q, \n, \base, 16, 0
        .endr
        .endm

        ACROSS  call, svc #0
        ACROSS  load, ldr xzr, [x9]
        ACROSS  store, str xzr, [x9]
        ACROSS  spin, 1: sub x10, x10, #1; cbnz x10, 1b

        .section .note.GNU-stack, "", %progbits
