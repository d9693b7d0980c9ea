/// What else is asked of `mremap`.
@frozen public struct MoveOptions: FlagSet {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The pages may go elsewhere (`MREMAP_MAYMOVE`).
    @inlinable public static var mayMove: MoveOptions { MoveOptions(rawValue: 1 << 0) }
    /// They go exactly to the destination, replacing what is there (`MREMAP_FIXED`).
    @inlinable public static var fixed: MoveOptions { MoveOptions(rawValue: 1 << 1) }
    /// What they leave stays mapped, without content (`MREMAP_DONTUNMAP`).
    @inlinable public static var dontUnmap: MoveOptions { MoveOptions(rawValue: 1 << 2) }
}

/// What a program asks of `mremap`. Lengths are in bytes, as the program gave them.
@frozen public struct MoveRequest: Hashable, Sendable {
    public var source: VirtualAddress
    public var oldLength: ByteCount
    public var newLength: ByteCount
    public var options: MoveOptions
    /// Where to, if ``MoveOptions/fixed``; a hint, if ``MoveOptions/dontUnmap`` alone.
    public var destination: VirtualAddress
    /// Whether pages that are added may count towards the commit limit; otherwise they are ``MapError/outOfMemory``.
    public var mayAccount = true
    /// Whether pages that are added may count as data (`RLIMIT_DATA`); otherwise they are ``MapError/outOfMemory``.
    public var mayAddData = true

    /// The pages that are added: all where the source stays mapped.
    @inlinable public var addedPages: UInt64 {
        let (old, new) = (oldLength.roundedUpToPages ?? .zero, newLength.roundedUpToPages ?? .zero)
        if options.contains(.dontUnmap) { return new.wholePages }
        return old < new ? (new - old).wholePages : 0
    }

    /// - Parameters:
    ///   - source: with its tag removed.
    ///   - destination: with its tag: one that has a tag is refused.
    @inlinable public init(
        _ source: VirtualAddress, oldLength: ByteCount, newLength: ByteCount, options: MoveOptions = .none,
        destination: VirtualAddress = VirtualAddress(0)
    ) {
        self.source = source
        self.oldLength = oldLength
        self.newLength = newLength
        self.options = options
        self.destination = destination
    }
}

/// What `mremap` did.
@frozen public struct MoveResult: Hashable, Sendable {
    /// Where the pages are now.
    public let start: VirtualAddress
    /// Pages that were added to a locked mapping, for the caller to populate; nil where there are none.
    public let lockedGrowth: VirtualRange?
}
