/// An address on the memory bus. No program ever sees one.
@frozen public struct PhysicalAddress: Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable public static func < (left: PhysicalAddress, right: PhysicalAddress) -> Bool {
        left.rawValue < right.rawValue
    }

    @inlinable public static func + (left: PhysicalAddress, right: ByteCount) -> PhysicalAddress {
        PhysicalAddress(left.rawValue + right.rawValue)
    }

    @inlinable public static func - (left: PhysicalAddress, right: PhysicalAddress) -> ByteCount {
        ByteCount(left.rawValue - right.rawValue)
    }

    /// The frame that holds this address.
    @inlinable public var frame: FrameNumber { FrameNumber(rawValue >> Granule.shift) }
}

/// A frame's number: its physical address divided by the granule. A name, not an owner; ``Frame`` owns.
@frozen public struct FrameNumber: Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable public static func < (left: FrameNumber, right: FrameNumber) -> Bool { left.rawValue < right.rawValue }

    /// The frame `count` frames above.
    @inlinable public func advanced(by count: UInt64) -> FrameNumber { FrameNumber(rawValue + count) }

    /// The address of the frame's first byte.
    @inlinable public var address: PhysicalAddress { PhysicalAddress(rawValue << Granule.shift) }
}
