// From the machine's first instruction to Swift: leave EL2, write every register that matters, build the kernel's
// tables with their final permissions, turn the MMU on, clear memory, call `main`.
//
// The boot loader promises (Linux Documentation/arm64/booting.rst): x0 holds the device tree, MMU off, the image clean
// to the point of coherency. Nothing else is assumed.

#include "CPU.h"

        .arch_extension pan

// Stage 1 page descriptors (Arm ARM D8.3.1): page, attribute 0 (write-back), inner shareable, access flag set, UXN.
#define PAGE_COMMON     0x0040000000000703
#define PAGE_TEXT       (PAGE_COMMON | (2 << 6))                        /* EL1 read-only, executable */
#define PAGE_READ_ONLY  (PAGE_COMMON | (2 << 6) | (1 << 53))            /* EL1 read-only, PXN */
#define PAGE_DATA       (PAGE_COMMON | (1 << 53))                       /* EL1 read-write, PXN */
#define TABLE           3

// Offsets in struct AkumaBoot (Boot.h).
#define BOOT_DEVICE_TREE        0
#define BOOT_DEVICE_TREE_SIZE   8
#define BOOT_ROOT_TABLE         16
#define BOOT_LEVEL1_TABLE       24
#define BOOT_DEVICE_ROOT        32
#define BOOT_WINDOW_TABLE       40
#define BOOT_NEXT_FREE_TABLE    48
#define BOOT_TABLE_POOL_END     56
#define BOOT_ENTRY_TIME         64

        .section .text.boot, "ax"
        .global _start
_start:
        b       begin                           // Linux Image header
        .long   0
        .quad   0x80000                         // text_offset
        .quad   akuma_image_size
        .quad   0xa                             // little-endian, 4 KiB pages, anywhere in memory
        .quad   0, 0, 0
        .ascii  "ARM\x64"
        .long   0

begin:
        msr     daifset, #15
        mov     x19, x0                         // device tree
        adr     x1, _start
        ldr     x2, =_start
        cmp     x1, x2
        b.ne    wrong_place
        mrs     x1, CurrentEL
        ubfx    x1, x1, #2, #2                  // entry level
        cmp     x1, #2
        b.eq    leave_el2
        cmp     x1, #1
        b.eq    at_el1
        b       wrong_level

// EL2: nothing traps, nothing is virtual, EL1 is 64-bit (Arm ARM D19.2). Not for CPUs where HCR_EL2.E2H is RES1.
leave_el2:
        mov     x1, #(1 << 31)                  // RW
        mov     x2, #(3 << 40)                  // APK, API: pointer authentication does not trap
        orr     x1, x1, x2
        msr     hcr_el2, x1
        isb
        mov     x1, #3                          // EL1PCTEN, EL1PCEN
        msr     cnthctl_el2, x1
        msr     cntvoff_el2, xzr
        mov     x1, #0x33ff                     // RES1 bits; TFP clear
        msr     cptr_el2, x1
        msr     hstr_el2, xzr
        msr     vttbr_el2, xzr
        mrs     x1, midr_el1
        msr     vpidr_el2, x1
        mrs     x1, mpidr_el1
        msr     vmpidr_el2, x1
        mrs     x1, id_aa64dfr0_el1             // all performance counters belong to EL1
        ubfx    x1, x1, #8, #4
        cbz     x1, 1f
        cmp     x1, #15
        b.eq    1f
        mrs     x2, pmcr_el0
        ubfx    x2, x2, #11, #5
        b       2f
1:      mov     x2, #0
2:      msr     mdcr_el2, x2
        mrs     x1, id_aa64pfr0_el1             // GIC system registers open to EL1 where they exist
        ubfx    x1, x1, #24, #4
        cbz     x1, 3f
        mov     x1, #0xf
        msr     S3_4_C12_C9_5, x1               // ICC_SRE_EL2: Enable, SRE, DFB, DIB
        isb
        msr     S3_4_C12_C11_0, xzr             // ICH_HCR_EL2
3:      mrs     x1, id_aa64mmfr0_el1            // fine-grained traps off where they exist
        ubfx    x1, x1, #56, #4
        cbz     x1, 4f
        msr     S3_4_C1_C1_4, xzr               // HFGRTR_EL2
        msr     S3_4_C1_C1_5, xzr               // HFGWTR_EL2
        msr     S3_4_C1_C1_6, xzr               // HFGITR_EL2
        msr     S3_4_C3_C1_4, xzr               // HDFGRTR_EL2
        msr     S3_4_C3_C1_5, xzr               // HDFGWTR_EL2
4:      mrs     x1, id_aa64mmfr1_el1
        ubfx    x1, x1, #40, #4                 // HCX
        cbz     x1, 5f
        mov     x1, #(3 << 14)                  // HCRX_EL2: TCR2En, SCTLR2En; nothing else traps
        msr     S3_4_C1_C2_2, x1
5:      ldr     x1, =0x30d00800                 // SCTLR_EL1 with the MMU off
        msr     sctlr_el1, x1
        mov     x1, #0x3c5                      // EL1 with its own stack pointer, all masked
        msr     spsr_el2, x1
        adr     x1, at_el1
        msr     elr_el2, x1
        eret

at_el1:
        msr     SPSel, #1
        ldr     x1, =0x30d00800                 // a boot loader may have left anything but the MMU
        msr     sctlr_el1, x1
        isb

        // The pool of tables, cleared while writes still go straight to memory.
        ldr     x20, =akuma_tables_start
        ldr     x22, =akuma_tables_end
        mov     x1, x20
1:      stp     xzr, xzr, [x1], #16
        cmp     x1, x22
        b.lo    1b

        // Its first four pages: TTBR0's levels 0 and 1, the window's level 2, TTBR1's level 0.
        add     x23, x20, #0x1000               // level 1
        add     x24, x20, #0x2000               // window
        add     x25, x20, #0x3000               // devices
        add     x21, x20, #0x4000               // next free
        orr     x1, x23, #TABLE
        str     x1, [x20]
        orr     x1, x24, #TABLE
        str     x1, [x23, #(511 * 8)]

        ldr     x0, =akuma_image_start
        ldr     x1, =akuma_text_end
        ldr     x2, =PAGE_TEXT
        bl      map_pages
        ldr     x0, =akuma_rodata_start
        ldr     x1, =akuma_rodata_end
        ldr     x2, =PAGE_READ_ONLY
        bl      map_pages
        ldr     x0, =akuma_data_start
        ldr     x1, =akuma_emergency_stack_guard
        ldr     x2, =PAGE_DATA
        bl      map_pages
        ldr     x0, =akuma_emergency_stack_start
        ldr     x1, =akuma_boot_stack_guard
        bl      map_pages
        ldr     x0, =akuma_boot_stack_start
        ldr     x1, =akuma_image_end
        bl      map_pages

        // The device tree: big-endian magic and size (Devicetree Specification 5.2), at most 2 MiB.
        mov     x26, #0                         // its size
        tst     x19, #7
        b.ne    2f
        cbz     x19, 2f
        ldr     w1, [x19]
        rev     w1, w1
        ldr     w2, =0xd00dfeed
        cmp     w1, w2
        b.ne    2f
        ldr     w26, [x19, #4]
        rev     w26, w26
        cmp     x26, #0x200000
        b.hi    2f
        and     x0, x19, #~0xfff
        add     x1, x19, x26
        add     x1, x1, #0xfff
        and     x1, x1, #~0xfff
        ldr     x2, =PAGE_READ_ONLY
        bl      map_pages
        b       3f
2:      mov     x19, #0
        mov     x26, #0
3:
        // Lines of the pool that a cache may have held since before: drop them (nothing of ours is in a cache yet).
        dsb     sy
        mrs     x1, ctr_el0
        ubfx    x1, x1, #16, #4                 // DminLine, log2 of words
        mov     x2, #4
        lsl     x1, x2, x1
        mov     x2, x20
4:      dc      ivac, x2
        add     x2, x2, x1
        cmp     x2, x22
        b.lo    4b
        dsb     sy

        // Translation (Arm ARM D8.2, D19.2).
        ldr     x1, =0x4404ff                   // MAIR: 0 write-back, 1 Device-nGnRE, 2 non-cacheable
        msr     mair_el1, x1
        ldr     x1, =0x20b5103510               // TBI0, 4 KiB, inner shareable, write-back, 48 bits each way
        mrs     x2, id_aa64mmfr0_el1
        and     x3, x2, #0xf                    // PARange, at most 48 bits
        cmp     x3, #5
        mov     x4, #5
        csel    x3, x3, x4, ls
        bfi     x1, x3, #32, #3                 // IPS
        ubfx    x3, x2, #4, #4                  // ASIDBits
        cmp     x3, #2
        b.ne    5f
        orr     x1, x1, #(1 << 36)              // AS: 16 bits
5:      mrs     x2, id_aa64mmfr1_el1
        and     x3, x2, #0xf                    // HAFDBS
        cbz     x3, 6f
        orr     x1, x1, #(1 << 39)              // HA: hardware sets the access flag
6:      msr     tcr_el1, x1
        mrs     x2, S3_0_C0_C7_3                // ID_AA64MMFR3_EL1: permission indirection, overlays and AIE stay off
        tst     x2, #0xf                        // TCRX
        b.eq    1f
        msr     S3_0_C2_C0_3, xzr               // TCR2_EL1
1:      tst     x2, #0xf0                       // SCTLRX
        b.eq    2f
        msr     S3_0_C1_C0_3, xzr               // SCTLR2_EL1
2:      msr     amair_el1, xzr
        msr     ttbr0_el1, x20                  // ASID 0
        msr     ttbr1_el1, x25
        mrs     x2, id_aa64mmfr1_el1
        ubfx    x27, x2, #20, #4                // PAN

        // What a program may and may not, and what would otherwise hold reset values.
        mov     x1, #(3 << 20)                  // CPACR: no trap on FP and SIMD; SVE and SME trap
        msr     cpacr_el1, x1
        mov     x1, #2                          // CNTKCTL: EL0 reads the virtual counter only
        msr     cntkctl_el1, x1
        msr     cntv_ctl_el0, xzr
        msr     cntp_ctl_el0, xzr
        msr     tpidr_el0, xzr
        msr     tpidrro_el0, xzr
        msr     contextidr_el1, xzr
        msr     mdscr_el1, xzr
        msr     oslar_el1, xzr
        msr     csselr_el1, xzr
        msr     sp_el0, xzr
        mrs     x1, id_aa64dfr0_el1
        ubfx    x1, x1, #8, #4                  // PMUVer: 0 none, 15 not Arm's
        cbz     x1, 7f
        cmp     x1, #15
        b.eq    7f
        msr     pmuserenr_el0, xzr
7:      ldr     x1, =akuma_vectors
        msr     vbar_el1, x1
        ldr     x1, =akuma_boot_cpu
        msr     tpidr_el1, x1

        dsb     sy
        tlbi    vmalle1
        ic      iallu
        dsb     nsh
        isb

        // M, C, SA, SA0, SED, EOS, I, DZE, UCT, TSCXT, EIS, UCI, nTLSMD, LSMAOE. Without nTWI and nTWE a program's wait
        // for an interrupt or event traps: no timer runs where no other thread is ready.
        // SPAN is clear where PAN exists (an exception to EL1 sets PAN), else RES1.
        ldr     x1, =0x3450d91d
        cbnz    x27, 8f
        orr     x1, x1, #(1 << 23)
8:      mrs     x2, id_aa64pfr1_el1
        tst     x2, #0xf                        // BT
        b.eq    8f
        // BT0, BT1: at PACIxSP too, other branches than those by x16 and x17 are no calls (as Linux, bti_enable).
        orr     x1, x1, #(3 << 35)
8:      msr     sctlr_el1, x1
        isb
        cbz     x27, 9f
        msr     pan, #1
9:
        // Clear bss, the pool apart.
        ldr     x1, =akuma_bss_start
        ldr     x2, =akuma_emergency_stack_guard
1:      cmp     x1, x2
        b.hs    2f
        str     xzr, [x1], #8
        b       1b
2:      ldr     x1, =akuma_emergency_stack_start
        ldr     x2, =akuma_tables_start
3:      stp     xzr, xzr, [x1], #16
        cmp     x1, x2
        b.lo    3b
        ldr     x1, =akuma_boot_stack_start
        ldr     x2, =akuma_boot_stack_end
4:      stp     xzr, xzr, [x1], #16
        cmp     x1, x2
        b.lo    4b
        mov     sp, x2

        ldr     x1, =akuma_boot
        stp     x19, x26, [x1, #BOOT_DEVICE_TREE]
        str     x20, [x1, #BOOT_ROOT_TABLE]
        str     x23, [x1, #BOOT_LEVEL1_TABLE]
        str     x25, [x1, #BOOT_DEVICE_ROOT]
        str     x24, [x1, #BOOT_WINDOW_TABLE]
        stp     x21, x22, [x1, #BOOT_NEXT_FREE_TABLE]
        isb
        mrs     x2, cntvct_el0
        str     x2, [x1, #BOOT_ENTRY_TIME]
        ldr     x1, =akuma_boot_cpu
        ldr     x2, =akuma_emergency_stack_end
        str     x2, [x1, #CPU_EMERGENCY_STACK]

        mov     x0, #0
        mov     x1, #0
        mov     x29, #0                         // the end of every backtrace
        mov     x30, #0
        bl      main
        mov     x0, #125
        b       akuma_end_machine

// Maps [x0, x1) to itself with attributes x2, page by page; entries that exist stay as they are.
// x21 next free table, x22 end of pool, x23 level 1; uses x3–x7.
map_pages:
        cmp     x0, x1
        b.hs    4f
        lsr     x3, x0, #39                     // only what the level-1 table covers
        cbnz    x3, out_of_tables
        ubfx    x4, x0, #30, #9
        add     x5, x23, x4, lsl #3
        ldr     x6, [x5]
        cbnz    x6, 1f
        cmp     x21, x22
        b.hs    out_of_tables
        orr     x6, x21, #TABLE
        add     x21, x21, #0x1000
        str     x6, [x5]
1:      and     x6, x6, #0x0000fffffffff000
        ubfx    x4, x0, #21, #9
        add     x5, x6, x4, lsl #3
        ldr     x6, [x5]
        cbnz    x6, 2f
        cmp     x21, x22
        b.hs    out_of_tables
        orr     x6, x21, #TABLE
        add     x21, x21, #0x1000
        str     x6, [x5]
2:      and     x6, x6, #0x0000fffffffff000
        ubfx    x4, x0, #12, #9
        add     x5, x6, x4, lsl #3
        ldr     x6, [x5]
        cbnz    x6, 3f
        orr     x6, x0, x2
        str     x6, [x5]
3:      add     x0, x0, #0x1000
        b       map_pages
4:      ret

// The UART's address is in the device tree, which needs Swift: until then the debugger's console is all there is.
wrong_place:
        adr     x1, wrong_place_text
        b       refuse
wrong_level:
        adr     x1, wrong_level_text
        b       refuse
out_of_tables:
        adr     x1, out_of_tables_text
refuse:
        mov     w0, #4                          // SYS_WRITE0
        hlt     #0xf000
        mov     x0, #125
        b       akuma_end_machine

wrong_place_text:       .asciz "akuma: loaded elsewhere than at 0x40080000, where it is linked\n"
wrong_level_text:       .asciz "akuma: started at an exception level other than 1 or 2\n"
out_of_tables_text:     .asciz "akuma: kernel or device tree is too large or too high to map\n"
        .balign 4

// Ends the machine with the status in x0; needs no stack. By semihosting (SYS_EXIT_EXTENDED, ADP_Stopped_
// ApplicationExit), else by PSCI SYSTEM_OFF through either conduit, else not at all: it waits, masked, for ever.
// What is not there is an undefined instruction: the vector below, in the same 2 KiB, goes on to the next way.
        .balign 2048
vectors_of_last_resort:
        .global akuma_end_machine
akuma_end_machine:
        msr     daifset, #15
        adr     x3, vectors_of_last_resort
        msr     vbar_el1, x3
        mov     x20, #0                         // ways tried
        isb
        adr     x1, exit_block_address
        ldr     x1, [x1]
        adr     x3, _start                      // loaded elsewhere, the block is elsewhere too
        ldr     x4, =_start
        sub     x3, x3, x4
        add     x1, x1, x3
        mov     x2, #0x26
        movk    x2, #2, lsl #16
        stp     x2, x0, [x1]
        mov     w0, #0x20
        hlt     #0xf000
        b       next_way
        .global akuma_power_off
akuma_power_off:
        msr     daifset, #15
        adr     x3, vectors_of_last_resort
        msr     vbar_el1, x3
        mov     x20, #0
        isb
next_way:
        add     x20, x20, #1
        ldr     x0, =0x84000008                 // PSCI SYSTEM_OFF
        cmp     x20, #1
        b.eq    by_hypervisor
        cmp     x20, #2
        b.eq    by_monitor
for_ever:
        wfi
        b       for_ever
by_hypervisor:
        hvc     #0
        b       next_way
by_monitor:
        smc     #0
        b       next_way
exit_block_address:
        .quad   exit_block
        .org    vectors_of_last_resort + 0x200
        b       next_way
        .ltorg

        .data
        .balign 16
exit_block:
        .quad   0, 0

        .bss
        .balign 64
        .global akuma_boot_cpu
akuma_boot_cpu:
        .skip   64
        .global akuma_boot
akuma_boot:
        .skip   72
        .section .note.GNU-stack, "", @progbits
