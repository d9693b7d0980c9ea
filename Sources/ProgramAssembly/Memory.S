// memcpy, memmove, memset, memcmp and strlen: what compilers call without being asked. Arm's calling convention, NEON
// registers q0 … q3 as they need no saving. Lengths below 64 are done by the bits of the length.

        .macro  FUNCTION name
        .section .text.\name, "ax", %progbits
        .globl  \name
        .type   \name, %function
        .balign 16
\name:
        .endm

// void *memmove(void *to, const void *from, size_t count): x0, x1, x2
// Forward is right unless `to` lies inside [from, from + count); loads of a step precede its stores.
FUNCTION memmove
        .globl  memcpy
        .type   memcpy, %function
memcpy:
        sub     x3, x0, x1
        cmp     x3, x2
        b.lo    .Lbackward
        mov     x3, x0
        subs    x2, x2, #64
        b.lo    2f
1:      ldp     q0, q1, [x1], #32
        ldp     q2, q3, [x1], #32
        stp     q0, q1, [x3], #32
        stp     q2, q3, [x3], #32
        subs    x2, x2, #64
        b.hs    1b
2:      tbz     w2, #5, 3f                      // x2 is 64 too small: its low six bits are what is left
        ldp     q0, q1, [x1], #32
        stp     q0, q1, [x3], #32
3:      tbz     w2, #4, 4f
        ldr     q0, [x1], #16
        str     q0, [x3], #16
4:      tbz     w2, #3, 5f
        ldr     x4, [x1], #8
        str     x4, [x3], #8
5:      tbz     w2, #2, 6f
        ldr     w4, [x1], #4
        str     w4, [x3], #4
6:      tbz     w2, #1, 7f
        ldrh    w4, [x1], #2
        strh    w4, [x3], #2
7:      tbz     w2, #0, 8f
        ldrb    w4, [x1]
        strb    w4, [x3]
8:      ret
.Lbackward:
        add     x1, x1, x2
        add     x3, x0, x2
        subs    x2, x2, #64
        b.lo    2f
1:      ldp     q0, q1, [x1, #-32]!
        ldp     q2, q3, [x1, #-32]!
        stp     q0, q1, [x3, #-32]!
        stp     q2, q3, [x3, #-32]!
        subs    x2, x2, #64
        b.hs    1b
2:      tbz     w2, #5, 3f
        ldp     q0, q1, [x1, #-32]!
        stp     q0, q1, [x3, #-32]!
3:      tbz     w2, #4, 4f
        ldr     q0, [x1, #-16]!
        str     q0, [x3, #-16]!
4:      tbz     w2, #3, 5f
        ldr     x4, [x1, #-8]!
        str     x4, [x3, #-8]!
5:      tbz     w2, #2, 6f
        ldr     w4, [x1, #-4]!
        str     w4, [x3, #-4]!
6:      tbz     w2, #1, 7f
        ldrh    w4, [x1, #-2]!
        strh    w4, [x3, #-2]!
7:      tbz     w2, #0, 8f
        ldrb    w4, [x1, #-1]
        strb    w4, [x3, #-1]
8:      ret
        .size   memmove, . - memmove

// void *memset(void *to, int byte, size_t count)
FUNCTION memset
        dup     v0.16b, w1
        fmov    x4, d0
        mov     x3, x0
        subs    x2, x2, #64
        b.lo    2f
1:      stp     q0, q0, [x3], #32
        stp     q0, q0, [x3], #32
        subs    x2, x2, #64
        b.hs    1b
2:      tbz     w2, #5, 3f
        stp     q0, q0, [x3], #32
3:      tbz     w2, #4, 4f
        str     q0, [x3], #16
4:      tbz     w2, #3, 5f
        str     x4, [x3], #8
5:      tbz     w2, #2, 6f
        str     w4, [x3], #4
6:      tbz     w2, #1, 7f
        strh    w4, [x3], #2
7:      tbz     w2, #0, 8f
        strb    w4, [x3]
8:      ret
        .size   memset, . - memset

// int memcmp(const void *a, const void *b, size_t count)
FUNCTION memcmp
        subs    x2, x2, #8
        b.lo    2f
1:      ldr     x3, [x0], #8
        ldr     x4, [x1], #8
        cmp     x3, x4
        b.ne    4f
        subs    x2, x2, #8
        b.hs    1b
2:      adds    x2, x2, #8
        b.eq    5f
3:      ldrb    w3, [x0], #1
        ldrb    w4, [x1], #1
        subs    w3, w3, w4
        b.ne    6f
        subs    x2, x2, #1
        b.ne    3b
5:      mov     w0, #0
        ret
6:      mov     w0, w3
        ret
4:      rev     x3, x3                          // the first byte in memory decides: make it the highest
        rev     x4, x4
        cmp     x3, x4
        cset    w0, hi
        csinv   w0, w0, wzr, hs
        ret
        .size   memcmp, . - memcmp

// size_t strlen(const char *string)
FUNCTION strlen
        mov     x1, x0
1:      ldrb    w2, [x1], #1
        cbnz    w2, 1b
        sub     x0, x1, x0
        sub     x0, x0, #1
        ret
        .size   strlen, . - strlen

// void free(void *block): a name that Swift reserves, so its definition cannot be written in Swift.
FUNCTION free
        b       akuma_free
        .size   free, . - free

        .section .note.GNU-stack, "", %progbits
