/// `flags` of `mremap`. Source: Linux `include/uapi/linux/mman.h`.
@frozen public struct RemapFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// MREMAP_MAYMOVE: elsewhere where it cannot grow in place.
    @inlinable public static var mayMove: RemapFlags { RemapFlags(rawValue: 1) }
    /// MREMAP_FIXED: exactly at the new address, replacing what is there.
    @inlinable public static var fixed: RemapFlags { RemapFlags(rawValue: 2) }
    /// MREMAP_DONTUNMAP: the old range stays mapped, empty.
    @inlinable public static var dontUnmap: RemapFlags { RemapFlags(rawValue: 4) }

    public static var unknownBits: Treatment { .refused(.invalidArgument, "mm/mremap.c, mremap") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.mayMove, "MREMAP_MAYMOVE", .honoured)
        reader.read(.fixed, "MREMAP_FIXED", .honoured)
        reader.read(.dontUnmap, "MREMAP_DONTUNMAP", .honoured)
    }
}

/// `flags` of `msync`. Source: Linux `include/uapi/asm-generic/mman-common.h`.
@frozen public struct SynchronizeFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// MS_ASYNC: written back some time.
    @inlinable public static var asynchronous: SynchronizeFlags { SynchronizeFlags(rawValue: 1) }
    /// MS_INVALIDATE: EBUSY for locked pages.
    @inlinable public static var invalidate: SynchronizeFlags { SynchronizeFlags(rawValue: 2) }
    /// MS_SYNC: written back before the call returns.
    @inlinable public static var synchronous: SynchronizeFlags { SynchronizeFlags(rawValue: 4) }

    public static var unknownBits: Treatment { .refused(.invalidArgument, "mm/msync.c, msync") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.asynchronous, "MS_ASYNC", .honoured)
        reader.read(.invalidate, "MS_INVALIDATE", .honoured)
        reader.read(.synchronous, "MS_SYNC", .honoured)
    }
}

/// `flags` of `mlock2`. Source: Linux `include/uapi/asm-generic/mman-common.h`.
@frozen public struct LockFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// MLOCK_ONFAULT: pages are locked once they are touched.
    @inlinable public static var onFault: LockFlags { LockFlags(rawValue: 1) }

    public static var unknownBits: Treatment { .refused(.invalidArgument, "mm/mlock.c, mlock2") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.onFault, "MLOCK_ONFAULT", .honoured)
    }
}

/// `flags` of `mlockall`. Source: Linux `include/uapi/asm-generic/mman.h`.
@frozen public struct LockAllFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// MCL_CURRENT: what is mapped now.
    @inlinable public static var current: LockAllFlags { LockAllFlags(rawValue: 1) }
    /// MCL_FUTURE: what will be mapped.
    @inlinable public static var future: LockAllFlags { LockAllFlags(rawValue: 2) }
    /// MCL_ONFAULT: pages are locked once they are touched.
    @inlinable public static var onFault: LockAllFlags { LockAllFlags(rawValue: 4) }

    public static var unknownBits: Treatment { .refused(.invalidArgument, "mm/mlock.c, mlockall") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.current, "MCL_CURRENT", .honoured)
        reader.read(.future, "MCL_FUTURE", .honoured)
        reader.read(.onFault, "MCL_ONFAULT", .honoured)
    }
}

/// `flags` of `memfd_create`. Source: Linux `include/uapi/linux/memfd.h`.
@frozen public struct MemoryFileFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// MFD_CLOEXEC: closed when another program is executed.
    @inlinable public static var closeOnExec: MemoryFileFlags { MemoryFileFlags(rawValue: 1) }
    /// MFD_ALLOW_SEALING: seals can be added.
    @inlinable public static var allowSealing: MemoryFileFlags { MemoryFileFlags(rawValue: 2) }
    /// MFD_HUGETLB: from the pool of huge pages.
    @inlinable public static var hugePages: MemoryFileFlags { MemoryFileFlags(rawValue: 4) }

    /// MFD_NOEXEC_SEAL: never to be made executable.
    @inlinable public static var noExecuteSeal: MemoryFileFlags { MemoryFileFlags(rawValue: 8) }
    /// MFD_EXEC: executable.
    @inlinable public static var execute: MemoryFileFlags { MemoryFileFlags(rawValue: 16) }

    public static var unknownBits: Treatment { .refused(.invalidArgument, "mm/memfd.c, memfd_create") }

    /// The bits beside the size of huge pages, which counts with ``hugePages`` alone (mm/memfd.c, memfd_create).
    @inlinable public var withoutHugePageSize: MemoryFileFlags {
        contains(.hugePages) ? MemoryFileFlags(rawValue: rawValue & ~(0x3F << 26)) : self
    }

    /// Bits 26 … 31: the size of huge pages (``HugePageSize``).
    @inlinable public var hugePageSize: UInt64 { UInt64(rawValue >> 26) }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.closeOnExec, "MFD_CLOEXEC", .honoured)
        reader.read(.allowSealing, "MFD_ALLOW_SEALING", .honoured)
        reader.read(.hugePages, "MFD_HUGETLB", .honoured)
        reader.read(
            .noExecuteSeal, "MFD_NOEXEC_SEAL", .refused(.invalidArgument, "mm/memfd.c: of Linux 6.3, unknown to 6.1"))
        reader.read(.execute, "MFD_EXEC", .refused(.invalidArgument, "mm/memfd.c: of Linux 6.3, unknown to 6.1"))
    }
}

/// Seals of a memory file: `F_ADD_SEALS` of `fcntl`. Source: Linux `include/uapi/linux/fcntl.h`.
@frozen public struct FileSeals: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// F_SEAL_SEAL: no more seals.
    @inlinable public static var seal: FileSeals { FileSeals(rawValue: 0x1) }
    /// F_SEAL_SHRINK: no truncation to less.
    @inlinable public static var shrink: FileSeals { FileSeals(rawValue: 0x2) }
    /// F_SEAL_GROW: no growth.
    @inlinable public static var grow: FileSeals { FileSeals(rawValue: 0x4) }
    /// F_SEAL_WRITE: no stores.
    @inlinable public static var write: FileSeals { FileSeals(rawValue: 0x8) }
    /// F_SEAL_FUTURE_WRITE: no stores but through what is mapped already.
    @inlinable public static var futureWrite: FileSeals { FileSeals(rawValue: 0x10) }

    /// F_SEAL_EXEC: no change of the right to execute.
    @inlinable public static var execute: FileSeals { FileSeals(rawValue: 0x20) }

    public static var unknownBits: Treatment { .refused(.invalidArgument, "mm/memfd.c, memfd_add_seals") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.seal, "F_SEAL_SEAL", .honoured)
        reader.read(.shrink, "F_SEAL_SHRINK", .honoured)
        reader.read(.grow, "F_SEAL_GROW", .honoured)
        reader.read(.write, "F_SEAL_WRITE", .honoured)
        reader.read(.futureWrite, "F_SEAL_FUTURE_WRITE", .honoured)
        reader.read(.execute, "F_SEAL_EXEC", .refused(.invalidArgument, "mm/memfd.c: of Linux 6.3, unknown to 6.1"))
    }
}

/// `flags` of `remap_file_pages`, whose `prot` must be 0. Source: Linux mm/mmap.c, remap_file_pages.
@frozen public struct RemapFilePagesFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// MAP_NONBLOCK: the pages are not made resident inside the call.
    public static var nonBlock: RemapFilePagesFlags { RemapFilePagesFlags(rawValue: MapFlags.nonBlock.rawValue) }

    public static var unknownBits: Treatment { .acceptedWithoutEffect("mm/mmap.c, remap_file_pages") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.nonBlock, "MAP_NONBLOCK", .honoured)
    }
}

/// `flags` of `process_madvise`, `process_vm_readv`, `process_vm_writev` and `mseal`: there are none yet.
@frozen public struct ReservedFlags: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static var unknownBits: Treatment {
        .refused(.invalidArgument, "mm/madvise.c, mm/process_vm_access.c, mm/mseal.c: there are no flags")
    }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {}
}

/// `advice` of `process_madvise`: what may be done to another process's memory. Source: Linux mm/madvise.c.
public enum ProcessAdvice: UInt32, DescribedValue {
    case willNeed = 3
    case cold = 20
    case pageOut = 21
    case collapse = 25

    public static var unknownValue: Treatment {
        .refused(.invalidArgument, "mm/madvise.c, process_madvise_behavior_valid")
    }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .willNeed: (MemoryAdvice.willNeed.entry.name, MemoryAdvice.willNeed.entry.treatment)
        case .cold: (MemoryAdvice.cold.entry.name, MemoryAdvice.cold.entry.treatment)
        case .pageOut: (MemoryAdvice.pageOut.entry.name, MemoryAdvice.pageOut.entry.treatment)
        case .collapse: ("MADV_COLLAPSE", .refused(.invalidArgument, "mm/khugepaged.c, madvise_collapse: a kernel without huge pages"))
        }
    }
}
