import Machine

/// What the kernel keeps for each CPU. Only that CPU uses it, with interrupts masked.
struct ProcessorState: ~Copyable {
    /// The thread that runs.
    var thread: Handle<Thread>
    /// The thread that runs when no other can.
    let idle: Handle<Thread>
    /// The thread that ran before, until ``finishSwitch()`` has seen to it.
    var previous: Handle<Thread>?
    /// The address space that TTBR0 holds; nil for the kernel-only one.
    var installedSpace: Handle<ProgramSpace>?

    init(idle: Handle<Thread>) {
        self.idle = idle
        thread = idle
    }

    /// The running CPU's.
    static var current: Handle<ProcessorState> {
        @inline(__always) get { Processor.kernelObject(0, ProcessorState.self) }
    }
}
