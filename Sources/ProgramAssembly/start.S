// The first instructions of a program, and the note by which Akuma knows its own.
//
// The kernel enters here with SP 16-byte aligned and pointing at argc, argv…, 0, envp…, 0, the auxiliary vector; every
// other register is zero (Linux `arch/arm64/include/asm/elf.h`, ELF_PLAT_INIT). x29 = x30 = 0 ends a backtrace.

        .text
        .globl  _start
        .type   _start, %function
_start:
        mov     x29, #0
        mov     x30, #0
        mov     x0, sp
        bl      akuma_program_start     // remembers where the arguments are
        ldr     x0, [sp]                // argc
        add     x1, sp, #8              // argv
        bl      main                    // the program's top-level code
        bl      akuma_program_end       // does not return
        brk     #1
        .size   _start, . - _start

// An ELF note: name "Akuma", type 1, a word of flags. Bit 0: no segment and no mapping is both writable and executable.
        .section .note.akuma, "a", %note
        .balign 4
        .word   6                       // length of the name, with its NUL
        .word   4                       // length of the flags
        .word   1                       // type
        .asciz  "Akuma"
        .balign 4
        .word   1                       // flags: W^X

        .section .bss.akuma_arena, "aw", %nobits
        .balign 4096
        .globl  akuma_arena
        .type   akuma_arena, %object
akuma_arena:
        .zero   256 * 1024
        .size   akuma_arena, . - akuma_arena

        .section .bss.akuma_allocator_state, "aw", %nobits
        .balign 64
        .globl  akuma_allocator_state
        .type   akuma_allocator_state, %object
akuma_allocator_state:
        .zero   16 * 1024
        .size   akuma_allocator_state, . - akuma_allocator_state

        .section .note.GNU-stack, "", %progbits
