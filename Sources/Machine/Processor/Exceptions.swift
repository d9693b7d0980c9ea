import MachineAssembly

// The kernel's own exceptions. Only an abort in a user-copy routine is ever survived.

@c(akuma_machine_kernel_exception) func kernelException(_ address: UInt64) {
    let frame = unsafe Handle<TrapFrame>(unsafeAddress: address)
    let cause = frame.value.exceptionClass
    if cause == 0x25, let landing = UserMemory.landing(for: frame.value.elr) {  // data abort, same level
        if !akuma_kernel_exception(address) { frame.value.elr = landing }
        return
    }
    switch cause {
    case 0x3c where frame.value.esr & 0xffff == UInt64(AKUMA_PANIC_BREAK): panicAfterBreak(frame)
    case 0x3c: panic("a check in the kernel's own code failed", frame)  // brk, Swift's trap
    case 0x25, 0x21: panic("the kernel used an address that it may not use", frame)
    case 0x00: panic("the kernel ran an undefined instruction", frame)
    case 0x22, 0x26: panic("the kernel's program counter or stack pointer is misaligned", frame)
    default: panic("an exception in the kernel", frame)
    }
}

@c(akuma_machine_system_error) func kernelSystemError(_ address: UInt64) {
    panic("the hardware reported an error (SError)", unsafe Handle(unsafeAddress: address))
}

@c(akuma_machine_stack_overflow) func kernelStackOverflow(_ address: UInt64) {
    panic("kernel stack overflow", unsafe Handle(unsafeAddress: address))
}

@c(akuma_machine_impossible_exception) func impossibleException(_ address: UInt64) {
    panic("an exception through an entry that is never used", unsafe Handle(unsafeAddress: address))
}
