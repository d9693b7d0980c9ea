/// Gives out the frames of RAM and takes them back.
///
/// Free frames lie in buddy lists, in largest aligned blocks; a short list of recently released frames in front of them
/// makes taking and releasing a single frame cheap. Everything but a few words lies in the frame records. The owner of
/// the allocator serialises its use; references are counted by compare-exchange and need no lock.
///
/// The ``reserve`` is kept in the blocks: frames are kept at hand only while the blocks have more than that, so that
/// taking one from the list needs no look at it.
@frozen public struct FrameAllocator<M: Hardware>: ~Copyable {
    /// The frame records.
    public let table: FrameTable<M>

    @usableFromInline var buddies: BuddyLists<M>

    /// The most recently released frame, linked to the one before it.
    @usableFromInline var hottest: FrameLink = .none

    /// Frames in the list that begins with ``hottest``.
    @usableFromInline var hotCount: UInt64 = 0

    /// Frames ever donated.
    public private(set) var totalFrames: UInt64 = 0

    /// Frames that only the kernel itself gets, one by one: what it needs to go on, and to give memory back, when there is
    /// none. Tables are not among it: they are a program's to make, without end.
    public var reserve: UInt64 = 0 {
        didSet { keepReserve() }
    }

    /// Free frames that are out of reach at the moment, see `FrameShortage.swift`.
    @usableFromInline var shortage: FrameShortage?

    /// Hot frames, at most. Half of them go back to the buddy lists when one more comes. None are kept while frames are
    /// scarce.
    @usableFromInline var hotLimit: UInt64
    /// What it is while they are plenty.
    @usableFromInline let usualHotLimit: UInt64

    /// log2 of the frames that a refill takes from the buddy lists.
    @inlinable static var batchOrder: UInt64 { 5 }

    /// Makes an allocator without a frame to give: every record says "reserved" until ``donate(_:count:)``.
    /// - Parameters:
    ///   - records: where the record table goes: `FrameTable.size(frameCount:)` bytes, whole frames, cleared here.
    ///   - firstFrame: the frame that the first record describes.
    ///   - frameCount: the number of records; below 2^32 − 1.
    ///   - hotLimit: how many single frames are kept at hand, at least 64. Merging one costs about 110 instructions and is seldom of
    ///     use, so by default 256 MiB of them are: who needs a block has them merged then.
    public init(
        machine: M, records: PhysicalAddress, firstFrame: FrameNumber, frameCount: UInt64, hotLimit: UInt64 = 1 << 16
    ) {
        precondition(hotLimit >= 2 << Self.batchOrder, "a refill that is not drained at once")
        self.hotLimit = hotLimit
        usualHotLimit = hotLimit
        table = FrameTable(machine: machine, records: records, firstFrame: firstFrame, frameCount: frameCount)
        buddies = BuddyLists(table)
        let frames = FrameTable<M>.size(frameCount: frameCount).wholePages
        var frame: UInt64 = 0
        while frame < frames {
            machine.clear(records.frame.advanced(by: frame))
            frame += 1
        }
        machine.completeCleaning()
    }

    /// Frames that can be given out.
    @inlinable public var freeFrames: UInt64 { buddies.freeFrames &+ hotCount &+ (shortage?.hotCount ?? 0) }

    /// The frame's record.
    @inlinable public func record(of number: FrameNumber) -> FrameRecord { table.record(of: number) }

    /// Adds RAM: frames that the table describes, that nobody uses and that were not donated before.
    public mutating func donate(_ first: FrameNumber, count: UInt64) {
        guard count > 0 else { return }
        var index = table.index(of: first)
        precondition(count <= table.frameCount - index, "donated frames that the table describes")
        let end = index + count
        while index < end {
            precondition(table.record(at: index).state == 0, "donated a frame that was donated before")
            let alignment = UInt64(table.number(at: index).rawValue.trailingZeroBitCount)
            let size = UInt64(63 - (end - index).leadingZeroBitCount)
            let order = min(min(alignment, size), BuddyLists<M>.maximumOrder)
            buddies.insert(index, order: order)
            index += 1 << order
        }
        totalFrames += count
    }

    // MARK: Single frames

    /// Takes a frame with one reference, its content unspecified; nil where none is free, or where those that are left
    /// are the ``reserve`` and `kind` is not the kernel's own.
    @inlinable public mutating func take(_ kind: FrameKind) -> Frame? {
        if hotCount == 0 {
            guard refill(for: kind) else { return nil }
        }
        guard let index = hottest.index else {
            preconditionFailure("the list of hot frames holds as many as are counted")
        }
        hottest = FrameLink.next(in: table.machine.load(table.detail(at: index)))
        hotCount &-= 1
        table.write(FrameRecord(state: FrameRecord.owned(kind), detail: 0), at: index)
        return Frame(adopting: table.number(at: index))
    }

    /// Takes a frame of zeroes with one reference; nil where none is free.
    ///
    /// The caller completes the cleaning, `CacheMaintenance.completeCleaning()`, before it publishes an entry.
    @inlinable public mutating func takeZeroed(_ kind: FrameKind) -> Frame? {
        guard let frame = take(kind) else { return nil }
        table.machine.clear(frame.number)
        return frame
    }

    /// Drops one reference; with the last one the frame is free.
    ///
    /// Traps where nobody owns the frame: it was released twice, or never given out.
    @inlinable public mutating func release(_ frame: consuming Frame) {
        let index = table.index(of: frame.relinquish())
        // A count of one cannot change under its only owner, so only a shared frame needs the compare-exchange.
        let count = FrameRecord.State.count.value(in: table.machine.load(table.state(at: index)))
        guard count == 1 || table.drop(at: index) == 0 else { return }
        makeHottest(index)
    }

    /// Adds a reference to an owned frame.
    /// - Throws: ``FrameError/tooManyReferences``; the count never wraps.
    @inlinable public func share(_ number: FrameNumber) throws(FrameError) -> Frame {
        try table.retain(number)
        return Frame(adopting: number)
    }

    /// Whether the frame has one reference.
    @inlinable public func isSoleOwner(_ number: FrameNumber) -> Bool { table.count(of: number) == 1 }

    /// Makes the frame the hottest of those at hand, where it may be kept there.
    @inlinable mutating func makeHottest(_ index: UInt64) {
        putAtHand(index)
        if hotCount > hotLimit { coolDown() }
    }

    /// Makes the frame the hottest, however many there are: a refill asks for as many as it wants.
    @inlinable mutating func putAtHand(_ index: UInt64) {
        let state = FrameRecord.State.kind.word(UInt64(FrameKind.hot.rawValue))
        let detail = FrameLink.word(previous: .none, next: hottest)
        table.write(FrameRecord(state: state, detail: detail), at: index)
        hottest = FrameLink(to: index)
        hotCount &+= 1
    }

    /// Whether the blocks have the reserve, and so many frames besides that `wanted` can be kept at hand.
    private func arePlenty(_ wanted: UInt64 = 1 << batchOrder) -> Bool {
        reserve == 0 || buddies.freeFrames >= reserve + 2 * wanted
    }

    /// Gives hot frames back where there are too many.
    @inline(never) @usableFromInline mutating func coolDown() {
        drain(keeping: hotLimit / 2)
        if arePlenty() { hotLimit = usualHotLimit }
    }

    /// Gives all hot frames back where the blocks have little more than the reserve. While that is so each frame comes
    /// from the blocks, and goes back to them at once.
    private mutating func keepReserve() {
        if arePlenty() { return }
        drain(keeping: 0)
        hotLimit = arePlenty() ? usualHotLimit : 0
    }

    /// Moves frames from the smallest free blocks to the hot list, the lowest of a block on top.
    /// - Parameter wanted: how many the list shall have where frames are plenty.
    /// - Returns: whether there were any.
    @inline(never) @usableFromInline mutating func refill(
        for kind: FrameKind, upTo wanted: UInt64 = 1 << batchOrder
    ) -> Bool {
        if failsForShortage() { return false }
        guard arePlenty(wanted) else { return refillWithOne(for: kind) }
        while hotCount < wanted, let smallest = buddies.smallestOrder {
            let order = min(smallest, Self.batchOrder)
            guard let first = buddies.take(order: order) else { break }
            var offset: UInt64 = 1 << order
            while offset > 0 {
                offset &-= 1
                putAtHand(first &+ offset)
            }
        }
        return hotCount > 0
    }

    /// Puts one frame at hand, for who takes it at once.
    /// - Returns: false where there is none, or what is left is not for `kind`.
    private mutating func refillWithOne(for kind: FrameKind) -> Bool {
        keepReserve()
        if buddies.freeFrames <= reserve && kind != .kernel { return false }
        guard let index = buddies.take(order: 0) else { return false }
        putAtHand(index)
        return true
    }

    /// Gives the coldest of the hot frames back to the buddy lists, which merge them.
    /// - Parameter kept: how many of the hottest stay.
    @inline(never) @usableFromInline mutating func drain(keeping kept: UInt64) {
        guard hotCount > kept else { return }
        var link = hottest
        var last: UInt64?
        for _ in 0..<kept {
            guard let index = link.index else { break }
            last = index
            link = FrameLink.next(in: table.machine.load(table.detail(at: index)))
        }
        if let last {
            table.machine.store(FrameLink.word(previous: .none, next: .none), at: table.detail(at: last))
        } else {
            hottest = .none
        }
        hotCount = kept
        while let index = link.index {
            link = FrameLink.next(in: table.machine.load(table.detail(at: index)))
            buddies.insert(index, order: 0)
        }
    }

    /// Gives every hot frame back to the buddy lists, so that adjacent free frames are merged.
    public mutating func mergeFreeFrames() { drain(keeping: 0) }

    // MARK: Blocks

    /// Takes 2^order adjacent frames, aligned to their size, content unspecified; nil where there is no such block. None of
    /// several frames is one of the ``reserve``.
    public mutating func takeBlock(order: UInt64, _ kind: FrameKind) -> FrameBlock? {
        precondition(order <= BuddyLists<M>.maximumOrder, "a block of at most 2^18 frames")
        if order == 0 {
            guard let frame = take(kind) else { return nil }
            return FrameBlock(adopting: frame.relinquish(), order: 0)
        }
        if failsForShortage() { return nil }
        let needed = reserve + (1 << order)
        if buddies.freeFrames < needed { mergeFreeFrames() }
        guard buddies.freeFrames >= needed else { return nil }
        var taken = buddies.take(order: order)
        if taken == nil, hotCount > 0 {
            mergeFreeFrames()
            taken = buddies.take(order: order)
        }
        guard let index = taken else { return nil }
        keepReserve()
        table.write(.owned(kind, order: order), at: index)
        return FrameBlock(adopting: table.number(at: index), order: order)
    }

    /// Gives a block back. Traps where nobody owns the block, or it is of another order.
    public mutating func release(_ block: consuming FrameBlock) {
        let order = block.order
        let index = table.index(of: block.relinquish())
        let record = table.record(at: index)
        precondition(record.count == 1, "released a block that nobody owns: released twice, or never given out")
        precondition(record.order == order, "a block goes back as it was taken")
        buddies.insert(index, order: order)
    }

    /// Calls `body` with the first frame and the order of each free block in the buddy lists, lowest order first.
    public func forEachFreeBlock(_ body: (FrameNumber, UInt64) -> Void) {
        for order in 0...BuddyLists<M>.maximumOrder {
            var link = buddies.heads[Int(order)]
            while let index = link.index {
                body(table.number(at: index), order)
                link = FrameLink.next(in: table.record(at: index).detail)
            }
        }
    }
}
