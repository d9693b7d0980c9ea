// System registers (Arm ARM D19). Reads of registers that never change are not volatile, so that they may be merged.
#pragma once
#include "Inline.h"

#define AKUMA_READ(name, register)                          \
    AKUMA_INLINE uint64_t akuma_read_##name(void) {         \
        uint64_t value;                                     \
        __asm__ volatile("mrs %0, " register : "=r"(value)); \
        return value;                                       \
    }
#define AKUMA_READ_CONSTANT(name, register)                 \
    AKUMA_INLINE uint64_t akuma_read_##name(void) {         \
        uint64_t value;                                     \
        __asm__("mrs %0, " register : "=r"(value));         \
        return value;                                       \
    }
#define AKUMA_WRITE(name, register)                                                  \
    AKUMA_INLINE void akuma_write_##name(uint64_t value) {                           \
        __asm__ volatile("msr " register ", %0" ::"r"(value) : "memory");            \
    }

// Identification
AKUMA_READ_CONSTANT(mpidr_el1, "mpidr_el1")
AKUMA_READ_CONSTANT(id_aa64pfr0_el1, "id_aa64pfr0_el1")
AKUMA_READ_CONSTANT(id_aa64pfr1_el1, "id_aa64pfr1_el1")
AKUMA_READ_CONSTANT(id_aa64isar0_el1, "id_aa64isar0_el1")
AKUMA_READ_CONSTANT(id_aa64isar1_el1, "id_aa64isar1_el1")
AKUMA_READ_CONSTANT(id_aa64mmfr1_el1, "id_aa64mmfr1_el1")
AKUMA_READ_CONSTANT(id_aa64mmfr2_el1, "S3_0_C0_C7_2")

// Translation
AKUMA_READ(ttbr0_el1, "ttbr0_el1")
AKUMA_WRITE(ttbr0_el1, "ttbr0_el1")
AKUMA_READ(tcr_el1, "tcr_el1")
AKUMA_WRITE(tcr_el1, "tcr_el1")
AKUMA_READ(sctlr_el1, "sctlr_el1")

// Exceptions
AKUMA_READ(esr_el1, "esr_el1")
AKUMA_READ(far_el1, "far_el1")
AKUMA_READ(daif, "daif")
AKUMA_WRITE(daif, "daif")
AKUMA_READ(isr_el1, "isr_el1")

// Threads
AKUMA_READ(tpidr_el0, "tpidr_el0")
AKUMA_WRITE(tpidr_el0, "tpidr_el0")

// Generic timer (Arm ARM D12)
AKUMA_READ_CONSTANT(cntfrq_el0, "cntfrq_el0")
AKUMA_WRITE(cntv_cval_el0, "cntv_cval_el0")
AKUMA_WRITE(cntv_ctl_el0, "cntv_ctl_el0")
AKUMA_READ(cntv_ctl_el0, "cntv_ctl_el0")
/// The virtual counter; the barrier keeps it from being read early (Arm ARM D12.2.2).
AKUMA_INLINE uint64_t akuma_read_cntvct(void) {
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    return value;
}
AKUMA_INLINE uint64_t akuma_read_frame_pointer(void) {
    uint64_t value;
    __asm__ volatile("mov %0, x29" : "=r"(value));
    return value;
}
