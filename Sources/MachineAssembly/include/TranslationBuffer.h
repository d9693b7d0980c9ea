// TLB maintenance (Arm ARM D8.13). All forms are inner shareable: they reach every CPU.
#pragma once
#include "Inline.h"

/// `argument` for the forms by address: ASID in bits 63:48, address bits 55:12 in bits 43:0 (Arm ARM C5.5).
AKUMA_INLINE uint64_t akuma_tlbi_argument(uint64_t address, uint64_t asid) {
    return asid << 48 | (address >> 12 & 0xfffffffffff);
}
#define AKUMA_TLBI(name)                                                    \
    AKUMA_INLINE void akuma_tlbi_##name(uint64_t argument) {                \
        __asm__ volatile("tlbi " #name ", %0" ::"r"(argument) : "memory");  \
    }
/// Last level, by address, one ASID.
AKUMA_TLBI(vale1is)
/// All levels, by address, one ASID.
AKUMA_TLBI(vae1is)
/// Last level, by address, all ASIDs.
AKUMA_TLBI(vaale1is)
/// Everything of one ASID (bits 63:48).
AKUMA_TLBI(aside1is)
/// Everything.
AKUMA_INLINE void akuma_tlbi_vmalle1is(void) { __asm__ volatile("tlbi vmalle1is" ::: "memory"); }
