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
    /// - Parameter size: bytes, a multiple of the page's, at most a slot's.
    /// - Returns: the slot's address.
    mutating func makeSlot(size: UInt64) throws(Errno) -> UInt64 {
        var word = firstCandidate
        while word < 512, map.value.words[word] == .max { word += 1 }
        firstCandidate = word
        guard word < 512 else { throw .noMemory }
        let bit = (~map.value.words[word]).trailingZeroBitCount
        return try make(at: word * 64 + bit, size: size)
    }

    /// Maps frames in the last slots that are free and lie side by side, of which the last page stays free: it guards what
    /// comes behind. ENOMEM where there are no frames, or not so many such slots.
    /// - Parameter size: bytes, a multiple of the page's.
    /// - Returns: the address of the first.
    mutating func makeSlots(size: UInt64) throws(Errno) -> UInt64 {
        let wanted = Self.slots(for: size + Granule.size.rawValue)
        var found = 0
        var slot = 512 * 64
        while found < wanted, slot > 0 {
            slot -= 1
            found = map.value.isFree(slot) ? found + 1 : 0
        }
        guard found == wanted else { throw .noMemory }
        return try make(at: slot, size: size, guarded: true)
    }

    /// Gives back what ``makeSlot(size:)`` made.
    mutating func destroySlot(at start: UInt64, size: UInt64) { destroy(at: start, size: size, slots: 1) }

    /// Gives back what ``makeSlots(size:)`` made.
    mutating func destroySlots(at start: UInt64, size: UInt64) {
        destroy(at: start, size: size, slots: Self.slots(for: size + Granule.size.rawValue))
    }

    private static func slots(for size: UInt64) -> Int { Int((size + slotSize - 1) / slotSize) }

    private mutating func make(at slot: Int, size: UInt64, guarded: Bool = false) throws(Errno) -> UInt64 {
        let start = KernelWindow.range.lowerBound + UInt64(slot) * Self.slotSize
        try mapFrames(from: start, to: start + size)
        for used in slot..<slot + Self.slots(for: guarded ? size + Granule.size.rawValue : size) { map.value.toggle(used) }
        return start
    }

    private mutating func destroy(at start: UInt64, size: UInt64, slots: Int) {
        unmapFrames(from: start, to: start + size)
        let slot = Int((start - KernelWindow.range.lowerBound) / Self.slotSize)
        for free in slot..<slot + slots { map.value.toggle(free) }
        firstCandidate = min(firstCandidate, slot / 64)
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
