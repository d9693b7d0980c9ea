/// A range of whole pages, end exclusive. Both bounds are page-aligned and `start <= end`: the type's invariant.
@frozen public struct VirtualRange: Hashable, Sendable {
    public let start: VirtualAddress
    public let end: VirtualAddress

    /// Traps unless the bounds are page-aligned and in order: for bounds that were checked before.
    @inlinable public init(_ start: VirtualAddress, to end: VirtualAddress) {
        precondition(start.isPageAligned && end.isPageAligned && start <= end, "a range of whole pages, in order")
        self.start = start
        self.end = end
    }

    /// The pages from `start` on that hold `length` bytes; nil where `start` is not page-aligned or the end overflows.
    @inlinable public init?(_ start: VirtualAddress, length: ByteCount) {
        guard start.isPageAligned, let rounded = length.roundedUpToPages, let end = start.adding(rounded) else {
            return nil
        }
        self.start = start
        self.end = end
    }

    @inlinable public var length: ByteCount { end - start }
    @inlinable public var isEmpty: Bool { start == end }
    @inlinable public var pageCount: UInt64 { length.wholePages }

    @inlinable public func contains(_ address: VirtualAddress) -> Bool { start <= address && address < end }
    @inlinable public func contains(_ other: VirtualRange) -> Bool { start <= other.start && other.end <= end }
    @inlinable public func overlaps(_ other: VirtualRange) -> Bool { start < other.end && other.start < end }
}
