/// A number of bytes: the difference of two addresses of one kind, or the length of a range.
@frozen public struct ByteCount: Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable public static func < (left: ByteCount, right: ByteCount) -> Bool { left.rawValue < right.rawValue }

    @inlinable public static var zero: ByteCount { ByteCount(0) }

    /// The bytes in `count` pages. Traps on overflow: for counts that the kernel itself computed.
    @inlinable public static func pages(_ count: UInt64) -> ByteCount { ByteCount(count * Granule.size.rawValue) }

    @inlinable public static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue + right.rawValue)
    }

    @inlinable public static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.rawValue - right.rawValue)
    }

    /// Whole pages in this count, rounded down.
    @inlinable public var wholePages: UInt64 { rawValue >> Granule.shift }

    @inlinable public var isPageMultiple: Bool { rawValue & (Granule.size.rawValue - 1) == 0 }

    /// This count rounded up to whole pages, or nil where that exceeds 64 bits (a program may ask for it).
    @inlinable public var roundedUpToPages: ByteCount? {
        let (sum, overflow) = rawValue.addingReportingOverflow(Granule.size.rawValue - 1)
        return overflow ? nil : ByteCount(sum & ~(Granule.size.rawValue - 1))
    }
}
