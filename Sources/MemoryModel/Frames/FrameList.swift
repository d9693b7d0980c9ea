/// Frames out of use but not yet free, such as those that a TLB may still reach, linked through their records.
///
/// A list may be of any length and costs no memory. It takes sole owners only: the record of a shared frame belongs to
/// all its owners and cannot be in several lists; see ``FrameBuffer`` for those.
@frozen public struct FrameList<M: Hardware>: ~Copyable {
    @usableFromInline let table: FrameTable<M>
    @usableFromInline var head: FrameLink = .none

    @inlinable public init(_ table: FrameTable<M>) { self.table = table }

    /// Whether no frame is in the list.
    @inlinable public var isEmpty: Bool { head == .none }

    /// Takes the frame over. Traps unless `frame` is its only reference.
    @inlinable public mutating func push(_ frame: consuming Frame) {
        let index = table.index(of: frame.relinquish())
        let state = table.machine.load(table.state(at: index))
        precondition(FrameRecord.State.count.value(in: state) == 1, "a retired frame has one owner")
        let detail = FrameLink.word(previous: .none, next: head)
        table.write(FrameRecord(state: FrameRecord.owned(.retired), detail: detail), at: index)
        head = FrameLink(to: index)
    }

    /// The frame that came last, or nil.
    @inlinable public mutating func popFirst() -> Frame? {
        guard let index = head.index else { return nil }
        head = FrameLink.next(in: table.machine.load(table.detail(at: index)))
        return Frame(adopting: table.number(at: index))
    }

    deinit { precondition(head == .none, "a list of frames was dropped: its frames would leak") }
}

/// At most 32 owned references, of shared frames too.
@frozen public struct FrameBuffer: ~Copyable {
    @usableFromInline var numbers: InlineArray<32, FrameNumber>

    /// References held.
    public private(set) var count: Int = 0

    @inlinable public init() { numbers = InlineArray(repeating: FrameNumber(0)) }

    /// How many references fit.
    @inlinable public static var capacity: Int { 32 }

    @inlinable public var isEmpty: Bool { count == 0 }
    @inlinable public var isFull: Bool { count == Self.capacity }

    /// Takes the reference over. Traps where the buffer is full.
    public mutating func push(_ frame: consuming Frame) {
        precondition(!isFull, "a buffer with room for another reference")
        numbers[count] = frame.relinquish()
        count &+= 1
    }

    /// The reference that came last, or nil.
    public mutating func popLast() -> Frame? {
        guard count > 0 else { return nil }
        count &-= 1
        return Frame(adopting: numbers[count])
    }

    deinit { precondition(count == 0, "a buffer of frames was dropped: its frames would leak") }
}
