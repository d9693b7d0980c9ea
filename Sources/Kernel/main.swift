// The boot assembly calls this with the MMU on, interrupts masked, and the boot stack, which becomes the idle thread's.

bootKernel()
