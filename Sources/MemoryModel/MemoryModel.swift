// MemoryModel: what a program sees as memory, and the tables that make it so.
//
// For:      addresses, frames, translation tables, the cursor over them, address spaces, the plan for loading an ELF.
// Touches:  only what its machine parameter offers (Hardware/): words of physical memory, the TLB, the caches.
// Never:    the heap, I/O, a clock, unsafe code, or a second record of what the translation tables already say.
// Runs on:  the real machine in the kernel; on a fake one, whose TLB and caches remember, in the tests.

// Sets of flags are LinuxABI's (`FlagSet`), and a set of this module's is used with what that one defines.
@_exported import LinuxABI
