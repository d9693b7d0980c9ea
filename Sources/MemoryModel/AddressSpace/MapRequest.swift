/// Where a mapping is to go.
@frozen public enum Placement: Hashable, Sendable {
    /// Wherever there is room; at the hint, rounded down to a page, if that is free. Hint 0 is none.
    case anywhere(hint: VirtualAddress)
    /// Exactly there, replacing what is there (`MAP_FIXED`).
    case fixed(VirtualAddress)
    /// Exactly there, or not at all (`MAP_FIXED_NOREPLACE`).
    case fixedNoReplace(VirtualAddress)
}

/// What else is asked of a mapping.
@frozen public struct MapOptions: FlagSet {
    public let rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Give each page its frame at once, as far as memory goes (`MAP_POPULATE`).
    @inlinable public static var populate: MapOptions { MapOptions(rawValue: 1 << 0) }
    /// `MAP_NORESERVE`.
    @inlinable public static var noReserve: MapOptions { MapOptions(rawValue: 1 << 1) }
    /// The mapping grows downwards when touched below its start (`MAP_GROWSDOWN`).
    @inlinable public static var growsDown: MapOptions { MapOptions(rawValue: 1 << 2) }
    /// Writes go to the object, not to a copy of the page (`MAP_SHARED`). Only with an object.
    @inlinable public static var shared: MapOptions { MapOptions(rawValue: 1 << 3) }
    /// The pages are locked (`MAP_LOCKED`). The caller populates them.
    @inlinable public static var locked: MapOptions { MapOptions(rawValue: 1 << 4) }
}

/// The part of an object that a mapping shows.
@frozen public struct MappedObject: Hashable, Sendable {
    public var number: ObjectNumber
    /// The object's page that the mapping's first page shows.
    public var firstPage: PageIndex

    @inlinable public init(_ number: ObjectNumber, firstPage: PageIndex = PageIndex(0)) {
        self.number = number
        self.firstPage = firstPage
    }

    /// Whether the last page of `length` has an index of 32 bits too.
    @inlinable func canIndex(_ length: ByteCount) -> Bool {
        let (end, overflow) = UInt64(firstPage.rawValue).addingReportingOverflow(length.wholePages)
        return !overflow && end <= InvalidEntryLayout.pageIndex.maximum + 1
    }
}

/// What a program asks of `mmap`.
@frozen public struct MapRequest: Hashable, Sendable {
    public var length: ByteCount
    public var protection: Protection
    public var placement: Placement
    public var options: MapOptions

    /// What the pages show; nil for private anonymous memory. Memory that is shared without a file has an object too.
    public var object: MappedObject?

    /// The rights that `mprotect` may grant later: fewer than all where a file was not opened for them.
    public var grantable: Protection = .all

    /// - Parameters:
    ///   - length: in bytes, as the program gave it; rounded up to pages.
    ///   - placement: addresses as the program gave them, tags removed.
    @inlinable public init(
        length: ByteCount, protection: Protection, placement: Placement = .anywhere(hint: VirtualAddress(0)),
        options: MapOptions = .none, object: MappedObject? = nil
    ) {
        self.object = object
        self.length = length
        self.protection = protection
        self.placement = placement
        self.options = options
    }

    /// Whether the pages count towards the commit limit (Linux mm/mmap.c, accountable_mapping).
    @inlinable public var isAccounted: Bool {
        protection.contains(.write) && options.isDisjoint(with: .shared | .noReserve)
    }

    /// Whether anonymous memory is asked for, anywhere, that does not grow.
    @inlinable @inline(__always) var isPlain: Bool {
        guard case .anywhere(let hint) = placement else { return false }
        return hint.rawValue == 0 && object == nil && !options.contains(.growsDown)
    }

    /// The attributes of the pages that the request makes.
    @inlinable @inline(__always) var attributes: AttributeSet {
        var set = protection.attributes | AttributeSet(rawValue: UInt64(grantable.rawValue) << 3)
        if options.contains(.shared) { set.insert(.shared) }
        if isAccounted { set.insert(.accounted) }
        if options.contains(.noReserve) { set.insert(.noReserve) }
        if options.contains(.growsDown) { set.insert(.growsDown) }
        if options.contains(.locked) { set.insert(.locked) }
        return set
    }
}

/// Why the memory map was not changed as asked. Each case is one `errno` at the kernel's edge.
@frozen public enum MapError: Error, Hashable, Sendable {
    /// `EINVAL`
    case invalidArgument
    /// `ENOMEM`: no frame, no room, no attribute class, or a hole where there must be none.
    case outOfMemory
    /// `EEXIST`
    case exists
    /// `EPERM`
    case notPermitted
    /// `EACCES`
    case accessDenied
    /// `EOVERFLOW`: an object's page whose index does not fit.
    case overflow
    /// `EFAULT`
    case badAddress
    /// `EAGAIN`: there is no frame for what `madvise` needs.
    case tryAgain
    /// `EBADF`: a file's memory where there must be none.
    case badFile
}

/// Why an access cannot be made to succeed.
@frozen public enum FaultError: Error, Hashable, Sendable {
    /// Nothing is mapped there (`SEGV_MAPERR`).
    case notMapped
    /// What is mapped there does not allow it (`SEGV_ACCERR`).
    case accessDenied
    /// The page is a guard (`SEGV_MAPERR`, as Linux reports its guard regions).
    case guarded
    /// The page lies beyond its object's end (`SIGBUS`, `BUS_ADRERR`).
    case beyondEnd
    /// No frame is free.
    case outOfMemory
    /// The page, or what a stack would grow by, may not be promised (``ObjectTable/promisable``).
    case overcommitted
}

/// How an access was made to succeed.
@frozen public enum FaultOutcome: Hashable, Sendable {
    /// The entry allows the access already: another CPU was faster, or the TLB was stale.
    case spurious
    /// The page got a frame of zeroes of its own.
    case zeroFilled
    /// The page shows the shared frame of zeroes.
    case sharedZero
    /// The page got a copy of its own.
    case copied
    /// The page's frame had one owner left, who may now write it.
    case madeWritable
    /// The page shows its object's.
    case objectPage
    /// The page shows its object's, or a copy, and the object had to fetch it from its backing first.
    case pageFetched
    /// The access flag was set.
    case markedAccessed
}
