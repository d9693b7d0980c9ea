/// What the kernel knows about one frame, in 16 bytes.
///
/// Word 0 says who holds the frame and what for; word 1 depends on the kind: a free or retired frame's links, a
/// translation table's ``TableRecord``, a file page's origin.
@frozen public struct FrameRecord: Hashable, Sendable {
    /// Count, kind, order, and of a table the fork-special entries.
    public var state: UInt64

    /// By kind: links, table counts, or origin.
    public var detail: UInt64

    @inlinable public init(state: UInt64, detail: UInt64) {
        self.state = state
        self.detail = detail
    }

    /// The size of a record in physical memory.
    @inlinable public static var size: ByteCount { ByteCount(16) }

    /// Word 0. Bits 44 … 49 are free.
    public enum State {
        /// References held: one for each ``Frame`` and for each entry that names the frame.
        @inlinable public static var count: BitField { BitField("count", shift: 0, width: 32) }
        /// A ``FrameKind``.
        @inlinable public static var kind: BitField { BitField("kind", shift: 32, width: 5) }
        /// log2 of the frames in the block that this frame begins.
        @inlinable public static var order: BitField { BitField("order", shift: 37, width: 5) }
        /// A cached file page was written.
        @inlinable public static var dirty: BitField { BitField("dirty", shift: 42, width: 1) }
        /// A cached file page's object has nothing in its backing for it: written or not, the content is nowhere else.
        @inlinable public static var unbacked: BitField { BitField("unbacked", shift: 43, width: 1) }
        /// Whether a cached file page's content can be had again.
        @inlinable static func isRecoverable(in state: UInt64) -> Bool { !dirty.isSet(in: state) && !unbacked.isSet(in: state) }
        /// A table's entries that `fork` must look at one by one: locked, don't-fork, wipe-on-fork.
        @inlinable public static var forkSpecial: BitField { BitField("fork-special", shift: 50, width: 14) }
    }

    /// Word 1 of a free, hot or retired frame.
    public enum Links {
        /// The block before in its buddy list, as a ``FrameLink``.
        @inlinable public static var previous: BitField { BitField("previous", shift: 0, width: 32) }
        /// The block or frame behind, as a ``FrameLink``.
        @inlinable public static var next: BitField { BitField("next", shift: 32, width: 32) }
    }

    /// Word 1 of a file page.
    public enum Origin {
        /// Which page of the object.
        @inlinable public static var page: BitField { BitField("page", shift: 0, width: 32) }
        /// Which object.
        @inlinable public static var object: BitField { BitField("object", shift: 32, width: 20) }
    }

    /// A frame that has just been given out: one reference.
    @inlinable public static func owned(_ kind: FrameKind, order: UInt64 = 0) -> FrameRecord {
        FrameRecord(state: owned(kind) | State.order.word(order), detail: 0)
    }

    /// Word 0 of a single frame with one reference.
    @inlinable static func owned(_ kind: FrameKind) -> UInt64 {
        1 | UInt64(kind.rawValue) &<< State.kind.shift
    }

    /// References held.
    @inlinable public var count: UInt64 { State.count.value(in: state) }

    /// What the frame is used for. Traps where the record holds no kind: it was overwritten.
    @inlinable public var kind: FrameKind {
        guard let kind = FrameKind(rawValue: UInt8(truncatingIfNeeded: State.kind.value(in: state))) else {
            preconditionFailure("a frame record of no known kind: the record table was overwritten")
        }
        return kind
    }

    /// log2 of the frames in the block that this frame begins.
    @inlinable public var order: UInt64 { State.order.value(in: state) }

    /// Calls `body` with each field that this record's kind gives a meaning, and the field's value.
    public func forEachField(_ body: (BitField, UInt64) -> Void) {
        func visit(_ field: BitField, in word: UInt64) { body(field, field.value(in: word)) }
        visit(State.count, in: state)
        visit(State.kind, in: state)
        visit(State.order, in: state)
        switch kind {
        case .free, .hot, .retired:
            visit(Links.previous, in: detail)
            visit(Links.next, in: detail)
        case .table:
            visit(State.forkSpecial, in: state)
            visit(TableRecord.entriesInUseField, in: detail)
            visit(TableRecord.residentField, in: detail)
            visit(TableRecord.longestFreeRunField, in: detail)
            visit(TableRecord.namesObjectsField, in: detail)
        case .cachedFilePage, .copiedFilePage:
            visit(State.dirty, in: state)
            visit(State.unbacked, in: state)
            visit(Origin.page, in: detail)
            visit(Origin.object, in: detail)
        case .reserved, .kernel, .anonymous, .zero:
            break
        }
    }
}

/// A frame's place in the record table, or none, in 32 bits: the index plus one.
@frozen @usableFromInline struct FrameLink: Hashable, Sendable {
    @usableFromInline let rawValue: UInt32

    @inlinable init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The link to the record of this index. ``FrameTable`` admits no index beyond 32 bits.
    @inlinable init(to index: UInt64) { rawValue = UInt32(truncatingIfNeeded: index &+ 1) }

    @inlinable static var none: FrameLink { FrameLink(rawValue: 0) }

    @inlinable var index: UInt64? { rawValue == 0 ? nil : UInt64(rawValue &- 1) }

    /// A record's word 1 with these links.
    @inlinable static func word(previous: FrameLink, next: FrameLink) -> UInt64 {
        UInt64(previous.rawValue) | UInt64(next.rawValue) &<< 32
    }

    @inlinable static func previous(in word: UInt64) -> FrameLink {
        FrameLink(rawValue: UInt32(truncatingIfNeeded: word))
    }

    @inlinable static func next(in word: UInt64) -> FrameLink {
        FrameLink(rawValue: UInt32(truncatingIfNeeded: word &>> 32))
    }
}

/// The object and the page within it that a file page was read from.
@frozen public struct FrameOrigin: Hashable, Sendable {
    /// The object's number, below 2^20.
    public let object: UInt32

    /// The page's index within the object.
    public let page: UInt32

    @inlinable public init(object: UInt32, page: UInt32) {
        precondition(UInt64(object) <= FrameRecord.Origin.object.maximum, "an object number of 20 bits")
        self.object = object
        self.page = page
    }
}
