public import MachineAssembly

extension Context {
    /// The context of a thread that never ran.
    ///
    /// Continued for the first time, it calls `akuma_thread_start(argument)` on its own stack, then goes out to the
    /// program through the ``TrapFrame`` at the top of that stack. Vector registers and thread pointers are zero.
    /// - Parameter stackEnd: the end of its kernel stack, a multiple of 16.
    @inlinable public static func new(stackEnd: UInt64, argument: UInt64) -> Context {
        precondition(stackEnd & 15 == 0, "a stack pointer is a multiple of 16 (Arm ARM D1.3.10)")
        var context = Context()
        context.sp = Thread.trapFrame(stackEnd: stackEnd).address
        context.x19 = argument
        context.x30 = UInt64(UInt(bitPattern: unsafe Thread.trampoline))
        return context
    }
}

/// Kernel threads as the processor sees them.
public enum Thread {
    @usableFromInline static var trampoline: UnsafeRawPointer {
        unsafe unsafeBitCast(akuma_thread_trampoline as @convention(c) () -> Void, to: UnsafeRawPointer.self)
    }

    /// The place of a program's registers: the last bytes of its thread's kernel stack, which ends at `stackEnd`.
    @inlinable public static func trapFrame(stackEnd: UInt64) -> Handle<TrapFrame> {
        unsafe Handle(unsafeAddress: stackEnd - UInt64(TRAP_FRAME_SIZE))
    }

    /// Stops the running thread in `from` and continues `to`; returns when somebody continues `from`.
    ///
    /// Both stay at their addresses. The caller has installed what goes with `to` (address space, current thread)
    /// before, since a new thread goes straight out to its program.
    @inlinable public static func switchContext(from: Handle<Context>, to: Handle<Context>) {
        unsafe akuma_switch_context(from.pointer, to.pointer)
    }

    /// Stores the vector registers, FPCR and FPSR of the running program: those in `context` are stale while it runs.
    @inlinable public static func saveVectors(to context: Handle<Context>) {
        unsafe akuma_save_vectors(context.pointer)
    }

    /// Loads the vector registers, FPCR and FPSR of the running program.
    @inlinable public static func loadVectors(from context: Handle<Context>) {
        unsafe akuma_load_vectors(context.pointer)
    }

    /// Where v0–v31 lie in a context, 512 bytes, low halves first: for a signal's frame.
    @inlinable public static func vectorArea(of context: Handle<Context>) -> UInt64 {
        context.address + UInt64(CONTEXT_V)
    }

    /// The running program's thread pointer (TPIDR_EL0).
    @inlinable public static var threadPointer: UInt64 {
        get { akuma_read_tpidr_el0() }
        set { akuma_write_tpidr_el0(newValue) }
    }
}
