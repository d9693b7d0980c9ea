// Whole pages of 4096 bytes: cleared, copied and cleaned with as few instructions as the architecture allows.
// The fast paths are for 64-byte lines (CTR_EL0.DminLine = 4) and 64-byte zeroing blocks (DCZID_EL0 = 4); both kinds of
// CPU that are tested have them, and the general paths serve the rest.

        .arch_extension fp
        .arch_extension simd

// \size = bytes of the smallest data cache line of all caches (CTR_EL0.DminLine, log2 of words).
        .macro  data_line size
        mrs     \size, ctr_el0
        ubfx    \size, \size, #16, #4
        mov     x9, #4
        lsl     \size, x9, \size
        .endm

        .text
// void akuma_clear_page(uint64_t page): zero it and clean it to the point of coherency. 202 instructions.
        .global akuma_clear_page
akuma_clear_page:
        mrs     x1, dczid_el0
        mrs     x2, ctr_el0
        and     x1, x1, #0x1f                   // DZP and BS
        ubfx    x2, x2, #16, #4
        cmp     x1, #4
        ccmp    x2, #4, #0, eq
        b.ne    clear_in_general
        .rept   64
        dc      zva, x0
        dc      cvac, x0
        add     x0, x0, #64
        .endr
        ret
clear_in_general:
        mov     x3, x0
        add     x4, x0, #4096
        cmp     x1, #10                         // BS above 4 KiB, or DZP: no zeroing by block
        b.hi    2f
        mov     x5, #4
        lsl     x5, x5, x1
1:      dc      zva, x3
        add     x3, x3, x5
        cmp     x3, x4
        b.lo    1b
        b       akuma_clean_page
2:      stp     xzr, xzr, [x3], #16
        stp     xzr, xzr, [x3], #16
        stp     xzr, xzr, [x3], #16
        stp     xzr, xzr, [x3], #16
        cmp     x3, x4
        b.lo    2b

// void akuma_clean_page(uint64_t page): to the point of coherency.
        .global akuma_clean_page
akuma_clean_page:
        data_line x2
        add     x4, x0, #4096
1:      dc      cvac, x0
        add     x0, x0, x2
        cmp     x0, x4
        b.lo    1b
        ret

// void akuma_copy_page(uint64_t from, uint64_t to): copy it and clean the copy to the point of coherency. 266
// instructions. The four vector registers that it borrows are a program's.
        .global akuma_copy_page
akuma_copy_page:
        sub     sp, sp, #64
        st1     {v0.16b, v1.16b, v2.16b, v3.16b}, [sp]
        mrs     x2, ctr_el0
        ubfx    x2, x2, #16, #4
        cmp     x2, #4
        b.ne    copy_in_general
        .rept   64
        ld1     {v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #64
        st1     {v0.16b, v1.16b, v2.16b, v3.16b}, [x1]
        dc      cvac, x1
        add     x1, x1, #64
        .endr
        ld1     {v0.16b, v1.16b, v2.16b, v3.16b}, [sp], #64
        ret
copy_in_general:
        mov     x3, x1
        add     x4, x1, #4096
1:      ld1     {v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #64
        st1     {v0.16b, v1.16b, v2.16b, v3.16b}, [x3], #64
        cmp     x3, x4
        b.lo    1b
        ld1     {v0.16b, v1.16b, v2.16b, v3.16b}, [sp], #64
        mov     x0, x1
        b       akuma_clean_page

// void akuma_publish_instructions(uint64_t page): what was written there is what is fetched, on every CPU, at any
// address (Arm ARM B2.4.4, K13.5.4). CTR_EL0.IDC spares the cleaning, DIC the invalidation. An instruction cache that
// is not PIPT (L1Ip) holds lines under other addresses than this one, and goes as a whole.
        .global akuma_publish_instructions
akuma_publish_instructions:
        mrs     x1, ctr_el0
        add     x4, x0, #4096
        tbnz    x1, #28, 2f                     // IDC
        data_line x2
        mov     x3, x0
1:      dc      cvau, x3
        add     x3, x3, x2
        cmp     x3, x4
        b.lo    1b
2:      dsb     ish
        tbnz    x1, #29, 5f                     // DIC
        ubfx    x2, x1, #14, #2
        cmp     x2, #3
        b.ne    4f
        and     x2, x1, #0xf                    // IminLine
        mov     x9, #4
        lsl     x2, x9, x2
3:      ic      ivau, x0
        add     x0, x0, x2
        cmp     x0, x4
        b.lo    3b
        b       5f
4:      ic      ialluis
5:      dsb     ish
        isb
        ret

        .section .note.GNU-stack, "", @progbits
