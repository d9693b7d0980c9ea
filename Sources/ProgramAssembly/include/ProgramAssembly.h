// What the assembly files offer to libakuma.
#pragma once

#include <stdint.h>

/// A new process, as `akuma_spawn` wants it. `Spawn.S` knows the offsets.
struct akuma_spawn_plan {
    const char *path;         // 0: NUL-ended
    const void *arguments;    // 8: pointers to NUL-ended strings, ended by a null pointer
    const void *environment;  // 16: likewise
    void *child_stack;        // 24: the end of memory that the child may use until it executes; 16-byte aligned
    int32_t descriptors[3];   // 32: what becomes the child's descriptors 0, 1 and 2
    int32_t error;            // 44: set by a child that failed to execute, as a negated error number
};

/// Starts a process by clone(CLONE_VM | CLONE_VFORK) and execve. Returns the child's id or a negated error number; only
/// ever once, which Swift needs. The parent sleeps until the child has executed or ended.
int64_t akuma_spawn(struct akuma_spawn_plan *plan);

/// Where the allocator begins before it asks the kernel for anything: in bss, page-aligned, zero, untouched.
enum { akuma_arena_size = 256 * 1024 };
extern unsigned char akuma_arena[];
static inline void *akuma_arena_start(void) { return akuma_arena; }

/// The allocator's own state, apart from the memory that it gives out: in bss, zero, untouched.
enum { akuma_allocator_state_size = 16 * 1024 };
extern unsigned char akuma_allocator_state[];
static inline void *akuma_allocator_state_start(void) { return akuma_allocator_state; }
