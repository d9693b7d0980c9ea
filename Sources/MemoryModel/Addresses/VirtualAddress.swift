/// An address that a program or the kernel uses as a pointer; the MMU translates it.
@frozen public struct VirtualAddress: Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable public static func < (left: VirtualAddress, right: VirtualAddress) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Traps on overflow: for addresses that were range-checked before. See ``adding(_:)`` for those that were not.
    @inlinable public static func + (left: VirtualAddress, right: ByteCount) -> VirtualAddress {
        VirtualAddress(left.rawValue + right.rawValue)
    }

    @inlinable public static func - (left: VirtualAddress, right: ByteCount) -> VirtualAddress {
        VirtualAddress(left.rawValue - right.rawValue)
    }

    @inlinable public static func - (left: VirtualAddress, right: VirtualAddress) -> ByteCount {
        ByteCount(left.rawValue - right.rawValue)
    }

    /// This address moved up by `count`, or nil on overflow.
    @inlinable public func adding(_ count: ByteCount) -> VirtualAddress? {
        let (sum, overflow) = rawValue.addingReportingOverflow(count.rawValue)
        return overflow ? nil : VirtualAddress(sum)
    }

    @inlinable public var isPageAligned: Bool { rawValue & (Granule.size.rawValue - 1) == 0 }

    @inlinable public var roundedDownToPage: VirtualAddress {
        VirtualAddress(rawValue & ~(Granule.size.rawValue - 1))
    }

    /// The address with its tag (bits 63:56) removed as Linux removes it for AArch64: sign-extended from bit 55.
    @inlinable public var untagged: VirtualAddress {
        VirtualAddress(UInt64(bitPattern: Int64(bitPattern: rawValue << 8) >> 8))
    }
}
