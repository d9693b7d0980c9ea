/// What a frame is used for, as its record says.
@frozen public enum FrameKind: UInt8, Sendable {
    /// Not given out by the allocator: not RAM, never donated, or inside a block whose first frame's record speaks for
    /// it. Encoded as zero, so that a cleared record table says "reserved" throughout.
    case reserved = 0

    /// The first frame of a free block in the buddy lists.
    case free = 1

    /// Free, and first in line to be given out again.
    case hot = 2

    /// Owned by a ``FrameList``: out of use, not yet free.
    case retired = 3

    /// The kernel's own memory.
    case kernel = 4

    /// A program's anonymous memory.
    case anonymous = 5

    /// A translation table.
    case table = 6

    /// The one frame of zeroes that every untouched page may show.
    case zero = 7

    /// A page of a file in the page cache.
    case cachedFilePage = 8

    /// A program's private copy of a file's page; its origin survives `fork` and `mremap`.
    case copiedFilePage = 9

    /// Whether a page with such a frame belongs to a mapping of an object, which the frame's origin names.
    @inlinable public var hasOrigin: Bool { self == .cachedFilePage || self == .copiedFilePage }
}
