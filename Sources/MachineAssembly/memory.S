// What every compiler expects to find: memcpy, memmove, memset, memcmp (ISO C 7.24), with general registers only.

        .text
// void *memcpy(void *destination, const void *source, size_t count)
// void *memmove(...): the same; copies downwards where the destination begins within the source.
        .global memcpy
        .global memmove
memmove:
memcpy:
        sub     x3, x0, x1
        cmp     x3, x2
        b.lo    copy_down
        mov     x3, x0
        subs    x4, x2, #64
        b.lo    2f
1:      ldp     x5, x6, [x1]                    // 64 bytes at a time; unaligned access is the hardware's matter
        ldp     x7, x8, [x1, #16]
        ldp     x9, x10, [x1, #32]
        ldp     x11, x12, [x1, #48]
        add     x1, x1, #64
        subs    x4, x4, #64
        stp     x5, x6, [x3]
        stp     x7, x8, [x3, #16]
        stp     x9, x10, [x3, #32]
        stp     x11, x12, [x3, #48]
        add     x3, x3, #64
        b.hs    1b
2:      tbz     x2, #5, 3f
        ldp     x5, x6, [x1], #16
        ldp     x7, x8, [x1], #16
        stp     x5, x6, [x3], #16
        stp     x7, x8, [x3], #16
3:      tbz     x2, #4, 4f
        ldp     x5, x6, [x1], #16
        stp     x5, x6, [x3], #16
4:      tbz     x2, #3, 5f
        ldr     x5, [x1], #8
        str     x5, [x3], #8
5:      tbz     x2, #2, 6f
        ldr     w5, [x1], #4
        str     w5, [x3], #4
6:      tbz     x2, #1, 7f
        ldrh    w5, [x1], #2
        strh    w5, [x3], #2
7:      tbz     x2, #0, 8f
        ldrb    w5, [x1]
        strb    w5, [x3]
8:      ret
copy_down:
        cbz     x3, 8b
        add     x1, x1, x2
        add     x3, x0, x2
1:      subs    x2, x2, #16
        b.lo    2f
        ldp     x5, x6, [x1, #-16]!
        stp     x5, x6, [x3, #-16]!
        b       1b
2:      tbz     x2, #3, 3f
        ldr     x5, [x1, #-8]!
        str     x5, [x3, #-8]!
3:      and     x2, x2, #7
4:      cbz     x2, 5f
        ldrb    w5, [x1, #-1]!
        strb    w5, [x3, #-1]!
        sub     x2, x2, #1
        b       4b
5:      ret

// void *memset(void *destination, int value, size_t count)
        .global memset
memset:
        and     x1, x1, #0xff
        orr     x1, x1, x1, lsl #8
        orr     x1, x1, x1, lsl #16
        orr     x1, x1, x1, lsl #32
        mov     x3, x0
        subs    x4, x2, #64
        b.lo    2f
1:      stp     x1, x1, [x3]
        stp     x1, x1, [x3, #16]
        stp     x1, x1, [x3, #32]
        stp     x1, x1, [x3, #48]
        add     x3, x3, #64
        subs    x4, x4, #64
        b.hs    1b
2:      tbz     x2, #5, 3f
        stp     x1, x1, [x3], #16
        stp     x1, x1, [x3], #16
3:      tbz     x2, #4, 4f
        stp     x1, x1, [x3], #16
4:      tbz     x2, #3, 5f
        str     x1, [x3], #8
5:      tbz     x2, #2, 6f
        str     w1, [x3], #4
6:      tbz     x2, #1, 7f
        strh    w1, [x3], #2
7:      tbz     x2, #0, 8f
        strb    w1, [x3]
8:      ret

// int memcmp(const void *left, const void *right, size_t count)
        .global memcmp
memcmp:
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
        subs    w5, w3, w4
        b.ne    6f
        subs    x2, x2, #1
        b.ne    3b
        mov     w0, #0
        ret
4:      rev     x3, x3                          // the first byte that differs decides
        rev     x4, x4
        cmp     x3, x4
        mov     w0, #1
        csneg   w0, w0, w0, hi
        ret
5:      mov     w0, #0
        ret
6:      mov     w0, w5
        ret

        .section .note.GNU-stack, "", @progbits
