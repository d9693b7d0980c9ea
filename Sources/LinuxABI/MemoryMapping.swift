/// What a mapping permits: `prot` of `mmap` and `mprotect`. PROT_NONE is the empty set.
///
/// Source: Linux `include/uapi/asm-generic/mman-common.h`, `arch/arm64/include/uapi/asm/mman.h`.
@frozen public struct Protection: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// PROT_READ: loads.
    public static var read: Protection { Protection(rawValue: 0x1) }
    /// PROT_WRITE: stores.
    public static var write: Protection { Protection(rawValue: 0x2) }
    /// PROT_EXEC: instruction fetches.
    public static var execute: Protection { Protection(rawValue: 0x4) }
    /// PROT_SEM: accepted without effect, as Linux does.
    public static var semaphores: Protection { Protection(rawValue: 0x8) }
    /// PROT_BTI: branches land on marked targets only.
    public static var branchTargets: Protection { Protection(rawValue: 0x10) }
    /// PROT_MTE: allocation tags are kept.
    public static var memoryTags: Protection { Protection(rawValue: 0x20) }
    /// PROT_GROWSDOWN: `mprotect` extends to the start of a mapping that grows down.
    public static var growsDown: Protection { Protection(rawValue: 0x0100_0000) }
    /// PROT_GROWSUP: `mprotect` extends to the end of a mapping that grows up.
    public static var growsUp: Protection { Protection(rawValue: 0x0200_0000) }
}

/// `flags` of `mmap`. Source: Linux `include/uapi/linux/mman.h`, `include/uapi/asm-generic/mman*.h`.
@frozen public struct MapFlags: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// MAP_SHARED: stores are seen by everyone who maps the object.
    public static var shared: MapFlags { MapFlags(rawValue: 0x01) }
    /// MAP_PRIVATE: stores stay in this address space.
    public static var `private`: MapFlags { MapFlags(rawValue: 0x02) }
    /// MAP_SHARED_VALIDATE: shared, and unknown flags are refused.
    public static var sharedValidate: MapFlags { MapFlags(rawValue: 0x03) }
    /// MAP_FIXED: exactly there, replacing what was mapped.
    public static var fixed: MapFlags { MapFlags(rawValue: 0x10) }
    /// MAP_ANONYMOUS: zeroed memory, no file.
    public static var anonymous: MapFlags { MapFlags(rawValue: 0x20) }
    /// MAP_GROWSDOWN: grows down on demand.
    public static var growsDown: MapFlags { MapFlags(rawValue: 0x0100) }
    /// MAP_DENYWRITE: ignored, as Linux does.
    public static var denyWrite: MapFlags { MapFlags(rawValue: 0x0800) }
    /// MAP_EXECUTABLE: ignored, as Linux does.
    public static var executable: MapFlags { MapFlags(rawValue: 0x1000) }
    /// MAP_LOCKED: stays resident.
    public static var locked: MapFlags { MapFlags(rawValue: 0x2000) }
    /// MAP_NORESERVE: not accounted.
    public static var noReserve: MapFlags { MapFlags(rawValue: 0x4000) }
    /// MAP_POPULATE: made resident inside the call.
    public static var populate: MapFlags { MapFlags(rawValue: 0x8000) }
    /// MAP_NONBLOCK: with `populate`: only what needs no waiting.
    public static var nonBlock: MapFlags { MapFlags(rawValue: 0x1_0000) }
    /// MAP_STACK: no effect, as on Linux.
    public static var stack: MapFlags { MapFlags(rawValue: 0x2_0000) }
    /// MAP_HUGETLB: from the pool of huge pages.
    public static var hugePages: MapFlags { MapFlags(rawValue: 0x4_0000) }
    /// MAP_SYNC: synchronous faults, with `sharedValidate`.
    public static var synchronous: MapFlags { MapFlags(rawValue: 0x8_0000) }
    /// MAP_FIXED_NOREPLACE: exactly there, or EEXIST.
    public static var fixedNoReplace: MapFlags { MapFlags(rawValue: 0x10_0000) }
    /// MAP_UNINITIALIZED: ignored, as Linux with an MMU does.
    public static var uninitialized: MapFlags { MapFlags(rawValue: 0x400_0000) }
}

extension MapFlags {
    /// The sharing type alone (MAP_TYPE): `shared`, `private`, `sharedValidate`, or a value that Linux refuses.
    public var sharing: UInt64 { rawValue & 0xF }
}

/// `advice` of `madvise`. Source: Linux `include/uapi/asm-generic/mman-common.h`.
public enum MemoryAdvice: UInt64, Sendable {
    case normal = 0
    case random = 1
    case sequential = 2
    case willNeed = 3
    case dontNeed = 4
    case free = 8
    case remove = 9
    case dontFork = 10
    case doFork = 11
    case mergeable = 12
    case unmergeable = 13
    case hugePage = 14
    case noHugePage = 15
    case dontDump = 16
    case doDump = 17
    case wipeOnFork = 18
    case keepOnFork = 19
    case cold = 20
    case pageOut = 21
    case populateRead = 22
    case populateWrite = 23
    case dontNeedLocked = 24
    case collapse = 25
}
