// Barriers and hints (Arm ARM C6.2, B2.3).
#pragma once
#include "Inline.h"

#define AKUMA_INSTRUCTION(name, text) \
    AKUMA_INLINE void akuma_##name(void) { __asm__ volatile(text ::: "memory"); }

AKUMA_INSTRUCTION(dsb_ish, "dsb ish")
AKUMA_INSTRUCTION(dsb_ishst, "dsb ishst")
AKUMA_INSTRUCTION(dsb_sy, "dsb sy")
AKUMA_INSTRUCTION(dmb_ish, "dmb ish")
AKUMA_INSTRUCTION(dmb_ishst, "dmb ishst")
AKUMA_INSTRUCTION(dmb_ishld, "dmb ishld")
AKUMA_INSTRUCTION(dmb_oshst, "dmb oshst")
AKUMA_INSTRUCTION(dmb_oshld, "dmb oshld")
AKUMA_INSTRUCTION(dmb_osh, "dmb osh")
AKUMA_INSTRUCTION(isb, "isb")
AKUMA_INSTRUCTION(wfi, "wfi")
AKUMA_INSTRUCTION(wfe, "wfe")
AKUMA_INSTRUCTION(sev, "sev")
AKUMA_INSTRUCTION(spin_hint, "yield")
/// Lets IRQ and SError in (DAIF.I, DAIF.A).
AKUMA_INSTRUCTION(unmask_interrupts, "msr daifclr, #6")
/// Keeps IRQ and SError out.
AKUMA_INSTRUCTION(mask_interrupts, "msr daifset, #6")
