/// A place within a larger block of bytes. A value, so that it outlives the span it was found in.
@frozen public struct ByteRange: Hashable, Sendable {
    /// Bytes before the first one.
    public let offset: Int
    /// Number of bytes.
    public let count: Int

    @inlinable public init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    /// The offset just beyond the last byte.
    @inlinable public var end: Int { offset + count }
    @inlinable public var isEmpty: Bool { count == 0 }
}
