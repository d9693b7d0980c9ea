        .section .text.boot, "ax"
        .global _start
_start: b 1f
        nop
        .quad 0x80000
        .quad image_size
        .quad 0xa
        .quad 0,0,0
        .ascii "ARM\x64"
        .long 0
1:      ldr x1, =stack_top
        mov sp, x1
        bl main
2:      wfi
        b 2b
        .bss
        .balign 16
        .space 16384
stack_top:
