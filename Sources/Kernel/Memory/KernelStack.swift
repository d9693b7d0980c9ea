import LinuxABI
import Machine
import MemoryModel

/// A thread's kernel stack: 16 KiB in the kernel's window, at a multiple of 32 KiB, so that the page below is a guard
/// and one bit of the stack pointer tells of an overflow.
struct KernelStack {
    /// Bytes of a stack, and from one stack to the next.
    static var size: UInt64 { 16 << 10 }
    static var stride: UInt64 { 32 << 10 }

    let start: UInt64
    var end: UInt64 { start + KernelStack.size }

    fileprivate init(slot: Int) {
        start = KernelWindow.range.lowerBound + UInt64(slot) * KernelStack.stride
    }

    private init(start: UInt64) { self.start = start }

    /// The stack that the kernel boots on, in its image.
    static var boot: KernelStack { KernelStack(start: Image.bootStack.start) }

    fileprivate var slot: Int { Int((start - KernelWindow.range.lowerBound) / KernelStack.stride) }
}

/// Which stacks of the window are in use. One bit each, in one frame.
struct KernelStacks: ~Copyable {
    private let map: Handle<SlotMap>
    /// Where the search for a free slot begins: no slot below is free.
    private var firstCandidate = 0

    private struct SlotMap: BitwiseCopyable {
        var words: InlineArray<512, UInt64>
    }

    /// - Parameter page: the address of a frame that the stacks keep.
    init(page: UInt64) {
        map = Handle(unsafeAddress: page)
        map.value = SlotMap(words: InlineArray(repeating: 0))
    }

    /// Makes a stack; ENOMEM where there are no frames for it, or as many stacks as fit.
    mutating func make() throws(Errno) -> KernelStack {
        var word = firstCandidate
        while word < 512, map.value.words[word] == .max { word += 1 }
        firstCandidate = word
        guard word < 512 else { throw .noMemory }
        let bit = (~map.value.words[word]).trailingZeroBitCount
        let stack = KernelStack(slot: word * 64 + bit)
        var page = stack.start
        while page < stack.end {
            guard let frame = KernelPages.take() else {
                unmap(stack.start, to: page)
                throw .noMemory
            }
            guard KernelWindow.map(page, to: frame, table: KernelStacks.takeTable) else {
                KernelPages.giveBack(frame)
                unmap(stack.start, to: page)
                throw .noMemory
            }
            page += Granule.size.rawValue
        }
        map.value.words[word] |= 1 << UInt64(bit)
        return stack
    }

    /// Gives a stack's frames back. Nobody runs on it.
    mutating func destroy(_ stack: KernelStack) {
        unmap(stack.start, to: stack.end)
        map.value.words[stack.slot / 64] &= ~(1 << UInt64(stack.slot % 64))
        firstCandidate = min(firstCandidate, stack.slot / 64)
    }

    private func unmap(_ start: UInt64, to end: UInt64) {
        var page = start
        while page < end {
            KernelPages.giveBack(KernelWindow.unmap(page))
            page += Granule.size.rawValue
        }
    }

    /// A zeroed page for a table of the window, which keeps it for good.
    private static func takeTable() -> UInt64? {
        kernel.frames.withLock { frames in
            guard let frame = frames.takeZeroed(.kernel) else { return nil }
            return frame.relinquish().address.rawValue
        }
    }
}
