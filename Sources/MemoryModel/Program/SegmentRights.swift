/// What a segment's pages may be used for.
@frozen public struct SegmentRights: Equatable, Sendable {
    /// The bits of `PROT_READ` (1), `PROT_WRITE` (2) and `PROT_EXEC` (4).
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue & 7 }

    /// From `p_flags`: `PF_X` 1, `PF_W` 2, `PF_R` 4.
    init(programFlags flags: UInt32) {
        let bits = UInt8(truncatingIfNeeded: flags & 7)
        rawValue = bits & 2 | bits >> 2 | (bits & 1) << 2
    }

    @inlinable public var isReadable: Bool { rawValue & 1 != 0 }
    @inlinable public var isWritable: Bool { rawValue & 2 != 0 }
    @inlinable public var isExecutable: Bool { rawValue & 4 != 0 }
    @inlinable public var isWritableAndExecutable: Bool { isWritable && isExecutable }

    /// What either allows.
    func union(_ other: SegmentRights) -> SegmentRights { SegmentRights(rawValue: rawValue | other.rawValue) }
}
