// libakuma: what a program imports.
//
// One import gives a program its entry point and arguments, printing and reading, files, processes, memory, and the
// allocator that Swift's own runtime stands on. The ABI below is Linux's for AArch64, so the same program runs there.
//
// Unsafe code lives in few places: `SystemCall.swift` (the door to the kernel), `Start.swift` (what the kernel left on
// the stack), `CStrings.swift` (strings for calls), `CMemoryCalls.swift` and `Mapping.swift` (memory is the subject),
// `Allocator/` (makes memory) and the wrappers that lend buffers to calls. A program that keeps to the typed interface
// writes no `unsafe` at all.
//
// A program has one thread; nothing here is locked.

@_exported public import LinuxABI
