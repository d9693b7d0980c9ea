// A program's memory, by unprivileged loads and stores (LDTR, STTR; Arm ARM C3.2.5): the hardware checks them against
// the program's rights, so no address, however wild, reaches what the program itself may not.
//
// Every such instruction has an entry in the fixup table: its address, and where to go on when it faults for good.
// Words are tried first; where one faults, bytes find out how far it goes, so that the count returned is exact.

        .macro  guarded landing, instruction:vararg
.Lguarded\@:
        \instruction
        .pushsection .fixups, "a"
        .balign 4
        .long   .Lguarded\@ - .
        .long   \landing - .
        .popsection
        .endm

        .text
// uint64_t akuma_copy_from_user(void *to, uint64_t from, uint64_t count): the bytes not copied.
        .global akuma_copy_from_user
akuma_copy_from_user:
        subs    x3, x2, #64
        b.lo    2f
1:      guarded 4f, ldtr x4, [x1]
        guarded 4f, ldtr x5, [x1, #8]
        guarded 4f, ldtr x6, [x1, #16]
        guarded 4f, ldtr x7, [x1, #24]
        guarded 4f, ldtr x8, [x1, #32]
        guarded 4f, ldtr x9, [x1, #40]
        guarded 4f, ldtr x10, [x1, #48]
        guarded 4f, ldtr x11, [x1, #56]
        add     x1, x1, #64
        stp     x4, x5, [x0]
        stp     x6, x7, [x0, #16]
        stp     x8, x9, [x0, #32]
        stp     x10, x11, [x0, #48]
        add     x0, x0, #64
        mov     x2, x3
        subs    x3, x3, #64
        b.hs    1b
2:      subs    x3, x2, #8
        b.lo    4f
3:      guarded 4f, ldtr x4, [x1]
        add     x1, x1, #8
        str     x4, [x0], #8
        mov     x2, x3
        subs    x3, x3, #8
        b.hs    3b
4:      cbz     x2, 6f
5:      guarded 6f, ldtrb w4, [x1]
        add     x1, x1, #1
        strb    w4, [x0], #1
        subs    x2, x2, #1
        b.ne    5b
6:      mov     x0, x2
        ret

// uint64_t akuma_copy_to_user(uint64_t to, const void *from, uint64_t count): the bytes not copied.
        .global akuma_copy_to_user
akuma_copy_to_user:
        subs    x3, x2, #64
        b.lo    2f
1:      ldp     x4, x5, [x1]
        ldp     x6, x7, [x1, #16]
        ldp     x8, x9, [x1, #32]
        ldp     x10, x11, [x1, #48]
        guarded 4f, sttr x4, [x0]
        guarded 4f, sttr x5, [x0, #8]
        guarded 4f, sttr x6, [x0, #16]
        guarded 4f, sttr x7, [x0, #24]
        guarded 4f, sttr x8, [x0, #32]
        guarded 4f, sttr x9, [x0, #40]
        guarded 4f, sttr x10, [x0, #48]
        guarded 4f, sttr x11, [x0, #56]
        add     x0, x0, #64
        add     x1, x1, #64
        mov     x2, x3
        subs    x3, x3, #64
        b.hs    1b
2:      subs    x3, x2, #8
        b.lo    4f
3:      ldr     x4, [x1]
        guarded 4f, sttr x4, [x0]
        add     x0, x0, #8
        add     x1, x1, #8
        mov     x2, x3
        subs    x3, x3, #8
        b.hs    3b
4:      cbz     x2, 6f
5:      ldrb    w4, [x1]
        guarded 6f, sttrb w4, [x0]
        add     x0, x0, #1
        add     x1, x1, #1
        subs    x2, x2, #1
        b.ne    5b
6:      mov     x0, x2
        ret

// uint64_t akuma_clear_user(uint64_t to, uint64_t count): the bytes not cleared.
        .global akuma_clear_user
akuma_clear_user:
        subs    x3, x1, #32
        b.lo    2f
1:      guarded 4f, sttr xzr, [x0]
        guarded 4f, sttr xzr, [x0, #8]
        guarded 4f, sttr xzr, [x0, #16]
        guarded 4f, sttr xzr, [x0, #24]
        add     x0, x0, #32
        mov     x1, x3
        subs    x3, x3, #32
        b.hs    1b
2:      subs    x3, x1, #8
        b.lo    4f
3:      guarded 4f, sttr xzr, [x0]
        add     x0, x0, #8
        mov     x1, x3
        subs    x3, x3, #8
        b.hs    3b
4:      cbz     x1, 6f
5:      guarded 6f, sttrb wzr, [x0]
        add     x0, x0, #1
        subs    x1, x1, #1
        b.ne    5b
6:      mov     x0, x1
        ret

// struct AkumaUserString akuma_copy_string_from_user(void *to, uint64_t from, uint64_t limit)
// x0: bytes before the terminating zero, or copied at all; x1: 0 ended, 1 the limit came first, 2 fault.
// Only aligned words are loaded ahead, so none reaches into a page that the string does not.
        .global akuma_copy_string_from_user
akuma_copy_string_from_user:
        mov     x3, x0                          // where the next byte goes
        mov     x8, #0x0101010101010101
        cbz     x2, 5f
1:      tst     x1, #7
        b.ne    3f
2:      cmp     x2, #8
        b.lo    3f
        guarded 3f, ldtr x4, [x1]
        sub     x5, x4, x8                      // a zero byte borrows
        bic     x5, x5, x4
        tst     x5, #0x8080808080808080
        b.ne    3f
        str     x4, [x3], #8
        add     x1, x1, #8
        subs    x2, x2, #8
        b.ne    2b
        b       5f
3:      guarded 6f, ldtrb w4, [x1]
        strb    w4, [x3]
        cbz     w4, 4f
        add     x1, x1, #1
        add     x3, x3, #1
        subs    x2, x2, #1
        b.ne    1b
5:      sub     x0, x3, x0
        mov     x1, #1
        ret
4:      sub     x0, x3, x0
        mov     x1, #0
        ret
6:      sub     x0, x3, x0
        mov     x1, #2
        ret

// struct AkumaUserWord akuma_user_loadN(uint64_t address): x0 value, x1 1 for success.
        .macro  user_load bits, operation, register
        .global akuma_user_load\bits
akuma_user_load\bits:
        guarded user_failure, \operation \register, [x0]
        mov     x1, #1
        ret
        .endm
        user_load 8, ldtrb, w0
        user_load 32, ldtr, w0
user_failure:
        mov     x0, #0
        mov     x1, #0
        ret

        .section .note.GNU-stack, "", @progbits
