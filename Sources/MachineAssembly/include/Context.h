// What a thread keeps while another one runs. Shared by C, Swift and assembly.
#pragma once

#define CONTEXT_X19 0
#define CONTEXT_SP 96
#define CONTEXT_TPIDR 104
#define CONTEXT_TPIDRRO 112
#define CONTEXT_FPCR 128
#define CONTEXT_V 144

#ifndef __ASSEMBLER__
#include <stdint.h>

/// The registers of a thread that is not running: callee-saved ones of its kernel side, and those of its program
/// that exception entry leaves alone (vectors, thread pointers).
struct Context {
    uint64_t x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30;
    uint64_t sp;
    uint64_t tpidr_el0, tpidrro_el0;
    uint64_t unused;
    uint64_t fpcr, fpsr;
    /// v0–v31, low half first.
    uint64_t vectors[64];
};
typedef struct Context Context;

_Static_assert(__builtin_offsetof(struct Context, sp) == CONTEXT_SP, "switch.S knows this offset");
_Static_assert(__builtin_offsetof(struct Context, tpidr_el0) == CONTEXT_TPIDR, "switch.S knows this offset");
_Static_assert(__builtin_offsetof(struct Context, fpcr) == CONTEXT_FPCR, "switch.S knows this offset");
_Static_assert(__builtin_offsetof(struct Context, vectors) == CONTEXT_V, "switch.S knows this offset");

/// Saves the running thread in `from` and continues `to` (switch.S). Returns when `from` is continued.
void akuma_switch_context(struct Context *from, struct Context *to);
/// Where a new thread begins (switch.S); an address for `Context.x30`, not a function to call.
void akuma_thread_trampoline(void);
/// Stores the vector registers, FPCR and FPSR of the running program in `context`, which is its own.
void akuma_save_vectors(struct Context *context);
/// Loads the vector registers, FPCR and FPSR from `context`.
void akuma_load_vectors(const struct Context *context);
#endif
