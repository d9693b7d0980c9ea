// The kernel's entry point is reached from the boot assembly, which calls `main`.
