import LinuxABI
import Machine
import MemoryModel

/// The kernel's window, in slots of 32 KiB: which are in use, a bit each, in one frame. What is mapped there is made of
/// single frames, which need not lie side by side.
struct WindowSpace: ~Copyable {
    /// Bytes of a slot.
    static var slotSize: UInt64 { 32 << 10 }

    /// Pages that are mapped at the moment.
    private(set) var mappedPages: UInt64 = 0
    private let map: Handle<SlotMap>
    /// Where the search for a free slot begins: there is none in a word below.
    private var firstCandidate = 0

    private struct SlotMap: BitwiseCopyable {
        static var wordCount: Int { 512 }

        var words: InlineArray<512, UInt64>

        func isFree(_ slot: Int) -> Bool { words[slot / 64] >> UInt64(slot % 64) & 1 == 0 }

        mutating func toggle(_ slot: Int) { words[slot / 64] ^= 1 << UInt64(slot % 64) }
    }

    /// - Parameter page: the address of a frame that is kept.
    init(page: UInt64) {
        map = unsafe Handle(unsafeAddress: page)
        map.value = SlotMap(words: InlineArray(repeating: 0))
    }

    /// Maps frames in the first slot that is free; ENOMEM where there are no frames, or no slot is free.
    /// - Parameter size: bytes, a multiple of the page's, less than a slot's.
    /// - Returns: the address of the first.
    mutating func makeInFirst(size: UInt64) throws(Errno) -> UInt64 {
        var word = firstCandidate
        while word < SlotMap.wordCount, map.value.words[word] == .max { word += 1 }
        firstCandidate = word
        guard word < SlotMap.wordCount else { throw .noMemory }
        return try make(size, at: word * 64 + (~map.value.words[word]).trailingZeroBitCount)
    }

    /// Maps frames in the last slots that are free and lie side by side; ENOMEM where there are no frames, or not so many
    /// such slots. From the other end than ``makeInFirst(size:)``, so that what comes and goes in different sizes leaves no
    /// holes among what stays.
    /// - Parameter size: bytes, a multiple of the page's.
    /// - Returns: the address of the first.
    mutating func makeInLast(size: UInt64) throws(Errno) -> UInt64 {
        let wanted = Self.slotCount(for: size)
        var found = 0
        var slot = SlotMap.wordCount * 64
        while found < wanted, slot > 0 {
            slot -= 1
            found = map.value.isFree(slot) ? found + 1 : 0
        }
        guard found == wanted else { throw .noMemory }
        return try make(size, at: slot)
    }

    /// Gives back what lies at `start`, in the size that it was made with.
    mutating func destroy(at start: UInt64, size: UInt64) {
        unmapFrames(from: start, to: start + size)
        let slot = Int((start - KernelWindow.range.lowerBound) / Self.slotSize)
        toggle(size, at: slot)
        firstCandidate = min(firstCandidate, slot / 64)
    }

    private mutating func make(_ size: UInt64, at slot: Int) throws(Errno) -> UInt64 {
        let start = KernelWindow.range.lowerBound + UInt64(slot) * Self.slotSize
        try mapFrames(from: start, to: start + size)
        toggle(size, at: slot)
        return start
    }

    private func toggle(_ size: UInt64, at first: Int) {
        for slot in first..<first + Self.slotCount(for: size) { map.value.toggle(slot) }
    }

    /// The slots of so many bytes and a page more, which stays unmapped: what comes behind is a stack, perhaps, and needs
    /// a guard.
    private static func slotCount(for size: UInt64) -> Int {
        Int((size + Granule.size.rawValue + slotSize - 1) / slotSize)
    }

    private mutating func mapFrames(from start: UInt64, to end: UInt64) throws(Errno) {
        var page = start
        while page < end {
            guard let frame = KernelPages.take() else {
                unmapFrames(from: start, to: page)
                throw .noMemory
            }
            guard KernelWindow.map(page, to: frame, table: Self.takeTable) else {
                KernelPages.giveBack(frame)
                unmapFrames(from: start, to: page)
                throw .noMemory
            }
            mappedPages += 1
            page += Granule.size.rawValue
        }
    }

    private mutating func unmapFrames(from start: UInt64, to end: UInt64) {
        var page = start
        while page < end {
            KernelPages.giveBack(KernelWindow.unmap(page))
            mappedPages -= 1
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
