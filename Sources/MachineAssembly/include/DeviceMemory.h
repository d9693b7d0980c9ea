// Device registers and memory shared with devices. Plain pointers would let the optimiser merge or drop accesses.
#pragma once
#include "Inline.h"

#define AKUMA_MMIO(bits, width, modifier)                                                         \
    AKUMA_INLINE uint##bits##_t akuma_mmio_read##bits(uint64_t address) {                         \
        uint##bits##_t value;                                                                     \
        __asm__ volatile("ldr" width " %" modifier "0, [%1]" : "=r"(value) : "r"(address) : "memory"); \
        return value;                                                                             \
    }                                                                                             \
    AKUMA_INLINE void akuma_mmio_write##bits(uint64_t address, uint##bits##_t value) {            \
        __asm__ volatile("str" width " %" modifier "0, [%1]" ::"r"(value), "r"(address) : "memory"); \
    }

AKUMA_MMIO(8, "b", "w")
AKUMA_MMIO(16, "h", "w")
AKUMA_MMIO(32, "", "w")
AKUMA_MMIO(64, "", "x")
