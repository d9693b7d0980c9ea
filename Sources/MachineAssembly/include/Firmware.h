// Calls out of the machine: firmware (PSCI, Arm DEN 0022; SMC calling convention, Arm DEN 0028) and the debugger's
// semihosting (Arm semihosting for AArch64).
#pragma once
#include "Inline.h"

#define AKUMA_FIRMWARE_CALL(name, instruction)                                                          \
    AKUMA_INLINE uint64_t akuma_##name(uint64_t function, uint64_t a, uint64_t b, uint64_t c) {         \
        register uint64_t x0 __asm__("x0") = function;                                                  \
        register uint64_t x1 __asm__("x1") = a;                                                         \
        register uint64_t x2 __asm__("x2") = b;                                                         \
        register uint64_t x3 __asm__("x3") = c;                                                         \
        __asm__ volatile(instruction " #0"                                                              \
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                       \
                         :                                                                              \
                         : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", \
                           "x16", "x17", "memory");                                                     \
        return x0;                                                                                      \
    }
AKUMA_FIRMWARE_CALL(hvc, "hvc")
AKUMA_FIRMWARE_CALL(smc, "smc")

/// Asks the debugger for `operation`, with the address of its parameters.
AKUMA_INLINE uint64_t akuma_semihosting(uint64_t operation, uint64_t parameters) {
    register uint64_t x0 __asm__("x0") = operation;
    register uint64_t x1 __asm__("x1") = parameters;
    __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
    return x0;
}

/// The immediate of the `brk` that a panic takes to have its registers stored.
#define AKUMA_PANIC_BREAK 0x414b
AKUMA_INLINE void akuma_break_for_panic(void) { __asm__ volatile("brk %0" ::"i"(AKUMA_PANIC_BREAK) : "memory"); }
