/// What a segment's pages may be used for. A name of its own, as LinuxABI has a `Protection` too.
public typealias SegmentRights = Protection

extension Protection {
    /// From `p_flags`: `PF_X` 1, `PF_W` 2, `PF_R` 4.
    init(programFlags flags: UInt32) {
        let bits = UInt8(truncatingIfNeeded: flags & 7)
        self.init(rawValue: bits & 2 | bits >> 2 | (bits & 1) << 2)
    }

    @inlinable public var isReadable: Bool { contains(.read) }
    @inlinable public var isWritable: Bool { contains(.write) }
    @inlinable public var isExecutable: Bool { contains(.execute) }
    @inlinable public var isWritableAndExecutable: Bool { isWritable && isExecutable }
}
