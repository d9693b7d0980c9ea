// Exception entry and exit (Arm ARM D1.3). Every exception stores a TrapFrame on the stack it is handled on, and every
// register is restored from there: what a program had is what it gets back.
//
// A program's entry always finds an empty kernel stack. An exception of the kernel's own first asks whether the stack
// has room: stacks are 16 KiB at multiples of 32 KiB, so in one that overflowed bit 14 of the stack pointer is set.
// A system call costs 29 instructions in and 22 out.

#include "CPU.h"
#include "TrapFrame.h"

// Stores x0–x29, x30 with SP_EL0, and ELR with SPSR. Afterwards x0–x2 hold no value of the program's.
        .macro  save_general
        stp     x0, x1, [sp, #0]
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x19, [sp, #144]
        stp     x20, x21, [sp, #160]
        stp     x22, x23, [sp, #176]
        stp     x24, x25, [sp, #192]
        stp     x26, x27, [sp, #208]
        stp     x28, x29, [sp, #224]
        .endm

        .macro  save_return
        mrs     x1, elr_el1
        mrs     x2, spsr_el1
        stp     x1, x2, [sp, #TRAP_FRAME_ELR]
        .endm

        .macro  save_from_program
        sub     sp, sp, #TRAP_FRAME_SIZE
        save_general
        mrs     x0, sp_el0
        stp     x30, x0, [sp, #TRAP_FRAME_X30]
        save_return
        .endm

        .macro  save_from_kernel
        save_general
        add     x0, sp, #TRAP_FRAME_SIZE
        stp     x30, x0, [sp, #TRAP_FRAME_X30]
        save_return
        .endm

        .macro  restore_general
        ldp     x0, x1, [sp, #0]
        ldp     x2, x3, [sp, #16]
        ldp     x4, x5, [sp, #32]
        ldp     x6, x7, [sp, #48]
        ldp     x8, x9, [sp, #64]
        ldp     x10, x11, [sp, #80]
        ldp     x12, x13, [sp, #96]
        ldp     x14, x15, [sp, #112]
        ldp     x16, x17, [sp, #128]
        ldp     x18, x19, [sp, #144]
        ldp     x20, x21, [sp, #160]
        ldp     x22, x23, [sp, #176]
        ldp     x24, x25, [sp, #192]
        ldp     x26, x27, [sp, #208]
        ldp     x28, x29, [sp, #224]
        .endm

// One of the sixteen entries.
        .macro  entry target
        .balign 128
        b       \target
        .endm

// One of the kernel's own: makes room for the frame, and leaves for the emergency stack where there is none. With no
// register free, the two values live in sum and difference for a moment.
        .macro  kernel_entry target
        .balign 128
        sub     sp, sp, #TRAP_FRAME_SIZE
        add     sp, sp, x0                      // sp = stack + x0
        sub     x0, sp, x0                      // x0 = stack
        tbnz    x0, #14, stack_overflow
        sub     x0, sp, x0                      // x0 as it was
        sub     sp, sp, x0                      // sp = stack
        b       \target
        .endm

        .section .text.vectors, "ax"
        .balign 2048
        .global akuma_vectors
akuma_vectors:
        entry   wrong_stack                     // EL1 on SP_EL0: never used
        entry   wrong_stack
        entry   wrong_stack
        entry   wrong_stack
        kernel_entry kernel_exception           // EL1 on its own stack
        kernel_entry kernel_interrupt
        kernel_entry kernel_interrupt
        kernel_entry kernel_system_error
        entry   user_exception                  // 64-bit programs
        entry   user_interrupt
        entry   user_interrupt
        entry   user_system_error
        entry   wrong_state                     // 32-bit programs: SPSR never asks for them
        entry   wrong_state
        entry   wrong_state
        entry   wrong_state

// x29 is cleared at a program's entry: there a backtrace ends.
user_other_exception:
        mrs     x2, far_el1
        stp     x1, x2, [sp, #TRAP_FRAME_ESR]
        bl      akuma_user_exception
        b       akuma_return_to_program

user_interrupt:
        save_from_program
        mov     x0, sp
        mov     x29, #0
        bl      akuma_user_interrupt
        b       akuma_return_to_program

user_system_error:
        save_from_program
        mrs     x1, esr_el1
        mov     x0, sp
        mov     x29, #0
        b       user_other_exception

user_exception:
        save_from_program
        mrs     x1, esr_el1
        lsr     x2, x1, #26
        mov     x0, sp
        mov     x29, #0
        cmp     x2, #0x15                       // SVC from AArch64
        b.ne    user_other_exception
        bl      akuma_system_call

// Out to the program whose TrapFrame is at the stack pointer.
        .global akuma_return_to_program
akuma_return_to_program:
        ldp     x1, x2, [sp, #TRAP_FRAME_ELR]
        ldp     x30, x0, [sp, #TRAP_FRAME_X30]
        msr     elr_el1, x1
        msr     spsr_el1, x2
        msr     sp_el0, x0
        restore_general
        add     sp, sp, #TRAP_FRAME_SIZE
        eret

kernel_exception:
        save_from_kernel
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [sp, #TRAP_FRAME_ESR]
        mov     x0, sp
        bl      akuma_machine_kernel_exception
        b       return_to_kernel

kernel_interrupt:
        save_from_kernel
        mov     x0, sp
        bl      akuma_kernel_interrupt

return_to_kernel:
        ldp     x1, x2, [sp, #TRAP_FRAME_ELR]
        ldr     x30, [sp, #TRAP_FRAME_X30]
        msr     elr_el1, x1
        msr     spsr_el1, x2
        restore_general
        add     sp, sp, #TRAP_FRAME_SIZE
        eret

kernel_system_error:
        save_from_kernel
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [sp, #TRAP_FRAME_ESR]
        mov     x0, sp
        bl      akuma_machine_system_error

// Never returns, so what the program had in its thread registers may be lost.
stack_overflow:
        msr     tpidrro_el0, x0                 // the stack pointer that had no room
        sub     x0, sp, x0
        msr     tpidr_el0, x0                   // x0 as it was
        mrs     x0, tpidr_el1
        ldr     x0, [x0, #CPU_EMERGENCY_STACK]
        sub     sp, x0, #TRAP_FRAME_SIZE
        mrs     x0, tpidr_el0
        save_general
        mrs     x0, tpidrro_el0
        add     x0, x0, #TRAP_FRAME_SIZE
        stp     x30, x0, [sp, #TRAP_FRAME_X30]
        save_return
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [sp, #TRAP_FRAME_ESR]
        mov     x0, sp
        bl      akuma_machine_stack_overflow

wrong_stack:
wrong_state:
        msr     tpidr_el0, x0
        mrs     x0, tpidr_el1
        ldr     x0, [x0, #CPU_EMERGENCY_STACK]
        sub     sp, x0, #TRAP_FRAME_SIZE
        mrs     x0, tpidr_el0
        save_general
        mrs     x0, sp_el0
        stp     x30, x0, [sp, #TRAP_FRAME_X30]
        save_return
        mrs     x1, esr_el1
        mrs     x2, far_el1
        stp     x1, x2, [sp, #TRAP_FRAME_ESR]
        mov     x0, sp
        bl      akuma_machine_impossible_exception

        .section .note.GNU-stack, "", @progbits
