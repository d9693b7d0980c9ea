#pragma once
#include <stdint.h>
#define AKUMA_INLINE static inline __attribute__((always_inline))
AKUMA_INLINE void akuma_wfi(void) { __asm__ volatile("wfi" ::: "memory"); }
AKUMA_INLINE uint64_t akuma_read_cntvct(void) { uint64_t v; __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v)); return v; }
