import LinuxABI
import Machine
import MemoryModel

/// A thread's kernel stack: 16 KiB in the kernel's window, at a multiple of 32 KiB, so that the page below is a guard
/// and one bit of the stack pointer tells of an overflow.
struct KernelStack {
    /// Bytes of a stack.
    static var size: UInt64 { 16 << 10 }

    let start: UInt64
    var end: UInt64 { start + KernelStack.size }

    fileprivate init(start: UInt64) { self.start = start }

    /// The stack that the kernel boots on, in its image.
    static var boot: KernelStack { KernelStack(start: Image.bootStack.start) }
}

extension WindowSpace {
    /// Makes a stack; ENOMEM where there are no frames for it, or as many stacks as fit.
    mutating func makeStack() throws(Errno) -> KernelStack {
        KernelStack(start: try makeInFirst(size: KernelStack.size))
    }

    /// Gives a stack's frames back. Nobody runs on it.
    mutating func destroy(_ stack: KernelStack) { destroy(at: stack.start, size: KernelStack.size) }
}
