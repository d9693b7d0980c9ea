// What the boot assembly leaves for Swift, and where the linker put things.
#pragma once
#include "Inline.h"

/// What the boot assembly found.
struct AkumaBoot {
    /// Physical address of the device tree, 0 if there was none or it was not one; mapped read-only.
    uint64_t device_tree;
    /// Its size in bytes, from its header.
    uint64_t device_tree_size;
    /// Physical address of the level-0 table of TTBR0, and of the level-1 table below its entry 0.
    uint64_t root_table, level1_table;
    /// Physical address of the level-0 table of TTBR1.
    uint64_t device_root_table;
    /// Physical address of the level-2 table of the kernel window.
    uint64_t window_table;
    /// The unused part of the pool of zeroed pages for tables.
    uint64_t next_free_table, table_pool_end;
    /// Virtual counter at entry (CNTVCT_EL0), in ticks.
    uint64_t entry_time;
};
extern struct AkumaBoot akuma_boot;
AKUMA_INLINE struct AkumaBoot *akuma_boot_state(void) { return &akuma_boot; }

/// The address of a symbol of the linker script (kernel.ld).
#define AKUMA_SYMBOL(name)                                                   \
    extern const uint8_t akuma_##name[];                                     \
    AKUMA_INLINE uint64_t akuma_address_of_##name(void) { return (uint64_t)akuma_##name; }
AKUMA_SYMBOL(image_start)
AKUMA_SYMBOL(text_end)
AKUMA_SYMBOL(rodata_start)
AKUMA_SYMBOL(rodata_end)
AKUMA_SYMBOL(data_start)
AKUMA_SYMBOL(image_end)
AKUMA_SYMBOL(boot_stack_start)
AKUMA_SYMBOL(boot_stack_end)
AKUMA_SYMBOL(emergency_stack_start)
AKUMA_SYMBOL(emergency_stack_end)
AKUMA_SYMBOL(fixups_start)
AKUMA_SYMBOL(fixups_end)

/// Ends the machine with a status (boot.S).
_Noreturn void akuma_end_machine(uint64_t status);
/// Ends the machine by PSCI SYSTEM_OFF (boot.S), whatever the conduit.
_Noreturn void akuma_power_off(void);
