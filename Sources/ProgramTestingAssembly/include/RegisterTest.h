// All registers that the kernel owes a program, set before and read after one way into the kernel.
#pragma once

#include <stdint.h>

/// `RegisterTest.S` knows the offsets.
struct akuma_registers {
    uint64_t x[31];      // 0
    uint64_t nzcv;       // 248
    uint64_t fpcr;       // 256
    uint64_t fpsr;       // 264
    uint64_t tpidr;      // 272
    uint64_t sp;         // 280: only written
    uint64_t v[64];      // 288: v0 … v31, low half first
};

/// Sets all registers from `before`, executes one `svc #0`, and stores them all to `after`.
void akuma_registers_across_call(const struct akuma_registers *before, struct akuma_registers *after);

/// Likewise across a load from the address in x9, which is discarded.
void akuma_registers_across_load(const struct akuma_registers *before, struct akuma_registers *after);

/// Likewise across a store of zero to the address in x9.
void akuma_registers_across_store(const struct akuma_registers *before, struct akuma_registers *after);

/// Likewise across a loop that counts x10 down to zero.
void akuma_registers_across_spin(const struct akuma_registers *before, struct akuma_registers *after);
