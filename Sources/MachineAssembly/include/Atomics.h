// Words that others may change: other CPUs, the table walker. Load-exclusive pairs, since Armv8.0 has no LSE.
#pragma once
#include "Inline.h"

/// A single-copy atomic load (Arm ARM B2.2) that the compiler neither drops nor repeats.
AKUMA_INLINE uint64_t akuma_load(uint64_t address) {
    return __atomic_load_n((const uint64_t *)address, __ATOMIC_RELAXED);
}
AKUMA_INLINE void akuma_store_release(uint64_t address, uint64_t value) {
    __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELEASE);
}
AKUMA_INLINE uint64_t akuma_exchange(uint64_t address, uint64_t value) {
    return __atomic_exchange_n((uint64_t *)address, value, __ATOMIC_ACQ_REL);
}
/// Returns the value found; the write took place exactly where that is `expected`.
AKUMA_INLINE uint64_t akuma_compare_exchange(uint64_t address, uint64_t expected, uint64_t desired) {
    __atomic_compare_exchange_n((uint64_t *)address, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
}
AKUMA_INLINE uint32_t akuma_load32(uint64_t address) {
    return __atomic_load_n((const uint32_t *)address, __ATOMIC_RELAXED);
}
AKUMA_INLINE uint32_t akuma_load_acquire32(uint64_t address) {
    return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE);
}
AKUMA_INLINE void akuma_store_release32(uint64_t address, uint32_t value) {
    __atomic_store_n((uint32_t *)address, value, __ATOMIC_RELEASE);
}

/// Adds to a word, with acquire ordering; returns what it was.
AKUMA_INLINE uint32_t akuma_fetch_add32(uint64_t address, uint32_t addend) {
    return __atomic_fetch_add((uint32_t *)address, addend, __ATOMIC_ACQUIRE);
}
AKUMA_INLINE uint16_t akuma_load16(uint64_t address) { return __atomic_load_n((uint16_t *)address, __ATOMIC_RELAXED); }
AKUMA_INLINE void akuma_store_release16(uint64_t address, uint16_t value) {
    __atomic_store_n((uint16_t *)address, value, __ATOMIC_RELEASE);
}
