/// The table of frame records in physical memory: one ``FrameRecord`` for each frame of RAM, holes included.
///
/// A name for the table, copied freely; it owns nothing.
@frozen public struct FrameTable<M: Hardware> {
    @usableFromInline let machine: M

    /// Where the first record lies.
    public let records: PhysicalAddress

    /// The frame that the first record describes.
    public let firstFrame: FrameNumber

    /// The number of records.
    public let frameCount: UInt64

    /// Names a table that was cleared before.
    /// - Parameter records: aligned to a frame; ``size(frameCount:)`` bytes.
    @inlinable public init(machine: M, records: PhysicalAddress, firstFrame: FrameNumber, frameCount: UInt64) {
        precondition(frameCount <= FrameRecord.Links.next.maximum - 1, "frames that 32-bit links can tell apart")
        precondition(records.frame.address == records, "a record table that begins with a frame")
        self.machine = machine
        self.records = records
        self.firstFrame = firstFrame
        self.frameCount = frameCount
    }

    /// The size of a table of `frameCount` records, in whole pages.
    @inlinable public static func size(frameCount: UInt64) -> ByteCount {
        let size = ByteCount(frameCount * FrameRecord.size.rawValue)
        return ByteCount.pages(size.wholePages + (size.isPageMultiple ? 0 : 1))
    }

    /// Whether the table describes this frame.
    @inlinable public func contains(_ number: FrameNumber) -> Bool {
        number.rawValue &- firstFrame.rawValue < frameCount
    }

    /// The frame's place in the table. Traps where the table does not describe the frame.
    @inlinable func index(of number: FrameNumber) -> UInt64 {
        let index = number.rawValue &- firstFrame.rawValue
        precondition(index < frameCount, "a frame of RAM")
        return index
    }

    @inlinable func number(at index: UInt64) -> FrameNumber { FrameNumber(firstFrame.rawValue &+ index) }

    @inlinable func state(at index: UInt64) -> PhysicalAddress {
        PhysicalAddress(records.rawValue &+ index &* FrameRecord.size.rawValue)
    }

    @inlinable func detail(at index: UInt64) -> PhysicalAddress {
        PhysicalAddress(records.rawValue &+ index &* FrameRecord.size.rawValue &+ 8)
    }

    /// The frame's record.
    @inlinable public func record(of number: FrameNumber) -> FrameRecord { record(at: index(of: number)) }

    @inlinable func record(at index: UInt64) -> FrameRecord {
        FrameRecord(state: machine.load(state(at: index)), detail: machine.load(detail(at: index)))
    }

    @inlinable func write(_ record: FrameRecord, at index: UInt64) {
        machine.store(record.detail, at: detail(at: index))
        machine.store(record.state, at: state(at: index))
    }

    /// References held on the frame.
    @inlinable public func count(of number: FrameNumber) -> UInt64 {
        FrameRecord.State.count.value(in: machine.load(state(at: index(of: number))))
    }

    /// Whether the frame is a program's anonymous memory with one reference.
    @inlinable func isOnlyAnonymous(_ number: FrameNumber) -> Bool {
        machine.load(state(at: index(of: number))) == FrameRecord.owned(.anonymous)
    }

    /// Replaces word 0 by what `change` makes of it, once more whenever another CPU has changed it meanwhile.
    /// - Returns: the word replaced.
    @inline(__always) @inlinable @discardableResult func replaceState<Failure: Error>(
        at index: UInt64, _ change: (UInt64) throws(Failure) -> UInt64
    ) throws(Failure) -> UInt64 {
        let address = state(at: index)
        var expected = machine.load(address)
        var found = machine.compareExchange(expected: expected, desired: try change(expected), at: address)
        while found != expected {
            expected = found
            found = machine.compareExchange(expected: expected, desired: try change(expected), at: address)
        }
        return expected
    }

    /// Adds a reference, or several at once.
    /// - Throws: ``FrameError/tooManyReferences``; the count never wraps.
    @inlinable public func retain(_ number: FrameNumber, times: UInt64 = 1) throws(FrameError) {
        try replaceState(at: index(of: number)) { state throws(FrameError) in
            let count = FrameRecord.State.count.value(in: state)
            precondition(count != 0, "shared a frame that nobody owns")
            guard count <= FrameRecord.State.count.maximum &- times else { throw .tooManyReferences }
            return state &+ times
        }
    }

    /// Whether the frame is anonymous memory, whoever else holds it.
    @inlinable @inline(__always) func isAnonymous(_ number: FrameNumber) -> Bool {
        FrameRecord.State.kind.value(in: machine.load(state(at: index(of: number))))
            == UInt64(FrameKind.anonymous.rawValue)
    }

    /// Adds a second reference where the frame is anonymous memory with one: what a fork's first write does for a whole
    /// table of pages.
    /// - Returns: whether it did. Where not, ``retain(_:times:)`` is to be asked.
    @inlinable @inline(__always) func retainOnlyAnonymous(_ number: FrameNumber) -> Bool {
        let sole = FrameRecord.owned(.anonymous)
        let address = state(at: index(of: number))
        return machine.compareExchange(expected: sole, desired: sole &+ 1, at: address) == sole
    }

    /// Drops a reference and returns how many are left.
    @inlinable func drop(at index: UInt64) -> UInt64 {
        let replaced = replaceState(at: index) { state in
            let count = FrameRecord.State.count.value(in: state)
            precondition(count != 0, "released a frame that nobody owns: released twice, or never given out")
            return state &- 1
        }
        return FrameRecord.State.count.value(in: replaced) &- 1
    }

    /// Changes one field of word 0, leaving the count to whoever changes it meanwhile.
    @inlinable func update(_ field: BitField, to value: UInt64, of number: FrameNumber) {
        replaceState(at: index(of: number)) { state in
            var desired = state
            field.set(value, in: &desired)
            return desired
        }
    }

    /// Says what an owned frame is used for from now on.
    @inlinable public func setKind(_ kind: FrameKind, of number: FrameNumber) {
        update(FrameRecord.State.kind, to: UInt64(kind.rawValue), of: number)
    }

    /// A translation table's counts.
    @inlinable public func tableRecord(of number: FrameNumber) -> TableRecord {
        TableRecord(word: machine.load(detail(at: index(of: number))))
    }

    /// Writes a translation table's counts. Under the lock that guards the table.
    @inlinable public func setTableRecord(_ record: TableRecord, of number: FrameNumber) {
        machine.store(record.word, at: detail(at: index(of: number)))
    }

    /// A translation table's entries that `fork` must look at one by one.
    @inlinable public func forkSpecialEntries(of number: FrameNumber) -> Int {
        Int(FrameRecord.State.forkSpecial.value(in: machine.load(state(at: index(of: number)))))
    }

    /// Writes how many of a translation table's entries `fork` must look at one by one, 0 … 8,192.
    @inlinable public func setForkSpecialEntries(_ count: Int, of number: FrameNumber) {
        update(FrameRecord.State.forkSpecial, to: UInt64(truncatingIfNeeded: count), of: number)
    }

    /// Whether a cached file page's content can be had again: it is as its object has it in its backing.
    @inlinable func isRecoverable(_ number: FrameNumber) -> Bool {
        FrameRecord.State.isRecoverable(in: machine.load(state(at: index(of: number))))
    }

    /// Whether a cached file page was written.
    @inlinable func isDirty(_ number: FrameNumber) -> Bool {
        FrameRecord.State.dirty.isSet(in: machine.load(state(at: index(of: number))))
    }

    /// Where a file page's content came from.
    @inlinable public func origin(of number: FrameNumber) -> FrameOrigin {
        let word = machine.load(detail(at: index(of: number)))
        return FrameOrigin(
            object: UInt32(truncatingIfNeeded: FrameRecord.Origin.object.value(in: word)),
            page: UInt32(truncatingIfNeeded: FrameRecord.Origin.page.value(in: word)))
    }

    /// Notes where a file page's content came from.
    @inlinable public func setOrigin(_ origin: FrameOrigin, of number: FrameNumber) {
        let object = FrameRecord.Origin.object.word(UInt64(origin.object))
        let word = object | FrameRecord.Origin.page.word(UInt64(origin.page))
        machine.store(word, at: detail(at: index(of: number)))
    }
}
