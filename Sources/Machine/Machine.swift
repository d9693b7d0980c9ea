// Machine: the only unsafe floor. Registers, vectors, caches, TLB, interrupt controller, timer, UART, PSCI. No policy.
