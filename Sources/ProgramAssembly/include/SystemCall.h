// The door to the kernel: Linux's system-call convention for AArch64, inlined to the bare `svc`.
#pragma once

#include <stdint.h>

/// Number in x8, arguments in x0 … x5, result in x0: a value, or an error number negated. All other registers survive.
static inline __attribute__((always_inline))
int64_t akuma_system_call(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    register uint64_t x8 __asm__("x8") = number;
    register uint64_t x0 __asm__("x0") = a0;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;
    register uint64_t x4 __asm__("x4") = a4;
    register uint64_t x5 __asm__("x5") = a5;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return (int64_t)x0;
}

/// The same through `akuma_shortage` (LinuxABI/AkumaDebug.swift), whose number is `door`: the call is made while few
/// frames can be had, as `shortage` says. The kernel changes x8.
static inline __attribute__((always_inline))
int64_t akuma_system_call_short_of_frames(
    uint64_t door, uint64_t shortage, uint64_t number,
    uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    register uint64_t x8 __asm__("x8") = door;
    register uint64_t x0 __asm__("x0") = a0;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;
    register uint64_t x4 __asm__("x4") = a4;
    register uint64_t x5 __asm__("x5") = a5;
    register uint64_t x6 __asm__("x6") = number;
    register uint64_t x7 __asm__("x7") = shortage;
    __asm__ volatile("svc #0"
                     : "+r"(x0), "+r"(x8)
                     : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6), "r"(x7)
                     : "memory", "cc");
    return (int64_t)x0;
}

/// The generic timer's count (`CNTVCT_EL0`), in ticks of `CNTFRQ_EL0`. The barrier keeps it after what came before.
static inline __attribute__((always_inline)) uint64_t akuma_timer_count(void)
{
    uint64_t count;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count) : : "memory");
    return count;
}

/// Ticks of the generic timer in a second (`CNTFRQ_EL0`).
static inline __attribute__((always_inline)) uint64_t akuma_timer_frequency(void)
{
    uint64_t frequency;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
}

/// A loop of exactly two instructions, so many times: a measure to hold a clock against. At least once.
static inline __attribute__((always_inline)) void akuma_spin(uint64_t iterations)
{
    __asm__ volatile("1: sub %0, %0, #1\n\tcbnz %0, 1b" : "+r"(iterations));
}
