/// Free blocks of 2^order frames, one doubly linked list for each order, linked through the frame records.
///
/// Invariants: a block is aligned to its size by frame number; only its first frame's record is of kind
/// ``FrameKind/free``, the others are ``FrameKind/reserved``; no two buddies are both free and of one order.
@usableFromInline struct BuddyLists<M: Hardware> {
    /// The greatest order: 2^18 frames, 1 GiB of 4 KiB frames.
    @inlinable static var maximumOrder: UInt64 { 18 }

    @usableFromInline let table: FrameTable<M>
    @usableFromInline var heads: InlineArray<19, FrameLink>

    /// Bit n says that the list of order n has a block.
    @usableFromInline var nonEmpty: UInt32 = 0

    /// Frames in all blocks.
    @usableFromInline var freeFrames: UInt64 = 0

    @inlinable init(_ table: FrameTable<M>) {
        self.table = table
        heads = InlineArray(repeating: .none)
    }

    /// The other half of the block of twice the size, where the table describes it.
    @inlinable func buddy(of index: UInt64, order: UInt64) -> UInt64? {
        let other = ((table.firstFrame.rawValue &+ index) ^ (1 &<< order)) &- table.firstFrame.rawValue
        return other < table.frameCount ? other : nil
    }

    /// Puts a block at the head of its list.
    @inlinable mutating func push(_ index: UInt64, order: UInt64) {
        let slot = Int(truncatingIfNeeded: order)
        let head = heads[slot]
        let state = FrameRecord.State.kind.word(UInt64(FrameKind.free.rawValue)) | FrameRecord.State.order.word(order)
        table.write(FrameRecord(state: state, detail: FrameLink.word(previous: .none, next: head)), at: index)
        if let next = head.index {
            let word = table.machine.load(table.detail(at: next))
            let linked = FrameLink.word(previous: FrameLink(to: index), next: FrameLink.next(in: word))
            table.machine.store(linked, at: table.detail(at: next))
        }
        heads[slot] = FrameLink(to: index)
        nonEmpty |= 1 &<< UInt32(truncatingIfNeeded: order)
    }

    /// Takes a block out of its list; its record says "reserved" afterwards.
    @inlinable mutating func remove(_ index: UInt64, order: UInt64) {
        let slot = Int(truncatingIfNeeded: order)
        let word = table.machine.load(table.detail(at: index))
        let previous = FrameLink.previous(in: word)
        let next = FrameLink.next(in: word)
        if let after = next.index {
            let links = table.machine.load(table.detail(at: after))
            let linked = FrameLink.word(previous: previous, next: FrameLink.next(in: links))
            table.machine.store(linked, at: table.detail(at: after))
        }
        if let before = previous.index {
            let links = table.machine.load(table.detail(at: before))
            let linked = FrameLink.word(previous: FrameLink.previous(in: links), next: next)
            table.machine.store(linked, at: table.detail(at: before))
        } else {
            heads[slot] = next
            if next == .none { nonEmpty &= ~(1 &<< UInt32(truncatingIfNeeded: order)) }
        }
        table.write(FrameRecord(state: 0, detail: 0), at: index)
    }

    /// Adds a block, merged with its buddy as often as that one is free.
    @inlinable mutating func insert(_ block: UInt64, order blockOrder: UInt64) {
        var index = block
        var order = blockOrder
        let freeState = FrameRecord.State.kind.word(UInt64(FrameKind.free.rawValue))
        freeFrames &+= 1 &<< order
        while order < Self.maximumOrder, let other = buddy(of: index, order: order) {
            guard table.machine.load(table.state(at: other)) == freeState | FrameRecord.State.order.word(order) else {
                break
            }
            remove(other, order: order)
            // The upper half's record still says what it was before; the lower half's is written by `push`.
            table.write(FrameRecord(state: 0, detail: 0), at: max(index, other))
            index = min(index, other)
            order &+= 1
        }
        push(index, order: order)
    }

    /// Takes a block of at least `order` and splits it down, or nil where there is none.
    @inlinable mutating func take(order: UInt64) -> UInt64? {
        let candidates = UInt64(nonEmpty) &>> order
        guard candidates != 0 else { return nil }
        var found = order &+ UInt64(truncatingIfNeeded: candidates.trailingZeroBitCount)
        guard let index = heads[Int(truncatingIfNeeded: found)].index else {
            preconditionFailure("a buddy list that says it is not empty has a head")
        }
        remove(index, order: found)
        while found > order {
            found &-= 1
            push(index &+ (1 &<< found), order: found)
        }
        freeFrames &-= 1 &<< order
        return index
    }

    /// The order of the smallest free block.
    @inlinable var smallestOrder: UInt64? {
        nonEmpty == 0 ? nil : UInt64(truncatingIfNeeded: nonEmpty.trailingZeroBitCount)
    }
}
