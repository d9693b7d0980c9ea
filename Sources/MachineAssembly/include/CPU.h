// What each CPU knows of itself; TPIDR_EL1 holds its address. Shared by C, Swift and assembly.
#pragma once

#define CPU_EMERGENCY_STACK 0

#ifndef __ASSEMBLER__
#include "Inline.h"

/// The state that belongs to one CPU.
struct CPU {
    /// The end of the stack that a kernel stack overflow is reported on.
    uint64_t emergency_stack_end;
    /// This CPU's number, from 0.
    uint64_t number;
    /// How deep in `panic` this CPU is: 0 ordinarily.
    uint64_t panic_depth;
    /// The highest lock rank held, 0 for none.
    uint64_t held_rank;
    /// For the kernel's own use: the running thread, and what else it keeps for each CPU.
    uint64_t kernel[4];
};
typedef struct CPU CPU;
_Static_assert(__builtin_offsetof(struct CPU, emergency_stack_end) == CPU_EMERGENCY_STACK, "vectors.S knows");

/// The running CPU's state. Volatile: a thread may go on on another CPU after it was switched away.
AKUMA_INLINE struct CPU *_Nonnull akuma_current_cpu(void) {
    struct CPU *cpu;
    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(cpu));
    return cpu;
}
#endif
