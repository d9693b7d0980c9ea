// The registers of an interrupted program or kernel, as the vectors store them. Shared by C, Swift and assembly.
#pragma once

#define TRAP_FRAME_X30 240
#define TRAP_FRAME_ELR 256
#define TRAP_FRAME_ESR 272
#define TRAP_FRAME_SIZE 288

#ifndef __ASSEMBLER__
#include <stdint.h>

/// Every general register of the moment an exception was taken, and what the hardware said about it.
///
/// Lies on the kernel stack of the interrupted thread; its fields are what the exit path restores.
struct TrapFrame {
    uint64_t x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15;
    uint64_t x16, x17, x18, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30;
    /// SP_EL0; in a frame taken from EL1, the kernel's stack pointer of that moment (not restored from here).
    uint64_t sp_el0;
    /// The address to return to (ELR_EL1).
    uint64_t elr;
    /// The processor state to return to (SPSR_EL1).
    uint64_t spsr;
    /// Why the exception was taken (ESR_EL1), read once at entry. Not meaningful for interrupts.
    uint64_t esr;
    /// The faulting address (FAR_EL1), read once at entry. Meaningful for aborts and PC alignment faults only.
    uint64_t far;
};
typedef struct TrapFrame TrapFrame;

_Static_assert(sizeof(struct TrapFrame) == TRAP_FRAME_SIZE, "the vectors know this size");
_Static_assert(__builtin_offsetof(struct TrapFrame, x30) == TRAP_FRAME_X30, "the vectors know this offset");
_Static_assert(__builtin_offsetof(struct TrapFrame, elr) == TRAP_FRAME_ELR, "the vectors know this offset");
_Static_assert(__builtin_offsetof(struct TrapFrame, esr) == TRAP_FRAME_ESR, "the vectors know this offset");
#endif
