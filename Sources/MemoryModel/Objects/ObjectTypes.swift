/// Why an object's page can't be had.
@frozen public enum ObjectError: Error, Hashable, Sendable {
    /// No frame is free, or no object number.
    case outOfMemory
    /// The page lies beyond the object's last one (`SIGBUS`).
    case beyondEnd
    /// No more may be promised (``ObjectTable/promisable``).
    case overcommitted
}

/// What an object is to the kernel.
@frozen public enum ObjectKind: UInt64, Sendable {
    /// A file's content: has, or had, an owner in a file system.
    case file = 1
    /// Memory shared by the processes that map it, without a name (`MAP_SHARED | MAP_ANONYMOUS`).
    case sharedMemory = 2
}

/// Where an object's pages come from the first time: bytes in RAM that never change (a file of the initial ramdisk).
@frozen public struct ObjectBacking: Hashable, Sendable {
    /// The first byte; no alignment is needed.
    public let start: PhysicalAddress
    /// Pages beyond are zeroes.
    public let size: ByteCount

    @inlinable public init(start: PhysicalAddress, size: ByteCount) {
        self.start = start
        self.size = size
    }
}

/// The number of an object (a file, shared memory) whose pages entries name; 20 bits. No object has the number 0.
@frozen public struct ObjectNumber: Hashable, Sendable {
    public let rawValue: UInt32
    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// The index of a page within an object, in pages from its start.
@frozen public struct PageIndex: Hashable, Comparable, Sendable {
    public let rawValue: UInt32
    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public static func < (left: PageIndex, right: PageIndex) -> Bool { left.rawValue < right.rawValue }
}
