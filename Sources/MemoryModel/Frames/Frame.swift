/// One reference on a frame, owned.
///
/// A frame goes back to the ``FrameAllocator`` when its last owner releases it. An owner is consumed by exactly one of
/// `FrameAllocator.release(_:)`, ``relinquish()`` or `FrameList.push(_:)`; dropping one is a trap, never a leak.
@frozen public struct Frame: ~Copyable {
    /// Which frame.
    public let number: FrameNumber

    /// Turns a reference that an entry held back into its owner.
    ///
    /// The one place where a descriptor's reference becomes a value: for the code that has just taken the last copy of
    /// a descriptor out of its table, and for nothing else.
    @inlinable public init(adopting number: FrameNumber) { self.number = number }

    /// Gives the reference to an entry that is about to name the frame.
    @inlinable public consuming func relinquish() -> FrameNumber {
        let number = self.number
        discard self
        return number
    }

    deinit { precondition(Self.mayBeDropped, "a frame's owner was dropped: the frame would leak") }

    /// A fact that the compiler does not take for a function that never returns.
    @usableFromInline static var mayBeDropped: Bool { false }
}

/// The only reference on a block of adjacent frames, owned: 2^order frames, aligned to their size.
@frozen public struct FrameBlock: ~Copyable {
    /// The block's first frame.
    public let first: FrameNumber

    /// log2 of the number of frames.
    public let order: UInt64

    /// Turns the block that an entry or a kernel object held back into its owner.
    @inlinable public init(adopting first: FrameNumber, order: UInt64) {
        self.first = first
        self.order = order
    }

    /// The frames in the block.
    @inlinable public var count: UInt64 { 1 &<< order }

    /// Gives the reference to whoever is about to name the block.
    @inlinable public consuming func relinquish() -> FrameNumber {
        let first = self.first
        discard self
        return first
    }

    deinit { precondition(Frame.mayBeDropped, "a block's owner was dropped: its frames would leak") }
}

/// Why a frame could not be shared.
@frozen public enum FrameError: Error, Hashable, Sendable {
    /// The frame has 2^32 − 1 references. The count never wraps.
    case tooManyReferences
}
