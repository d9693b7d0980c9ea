// One access at an address, mapped or not: what pointers of a language would rather not do.
#pragma once

#include <stdint.h>

static inline __attribute__((always_inline)) uint8_t akuma_load(uint64_t address)
{
    uint32_t value;
    __asm__ volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return (uint8_t)value;
}

static inline __attribute__((always_inline)) void akuma_store(uint64_t address, uint8_t value)
{
    __asm__ volatile("strb %w0, [%1]" : : "r"((uint32_t)value), "r"(address) : "memory");
}

/// Calls code at an address, which must keep to the calling convention.
static inline __attribute__((always_inline)) uint64_t akuma_execute(uint64_t address)
{
    return ((uint64_t (*)(void))address)();
}
