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
    /// MAP_HUGE_1GB: a size of huge pages, the base-2 logarithm in bits 31:26.
    public static var hugePagesOf1GiB: MapFlags { MapFlags(rawValue: 30 << 26) }
}

/// As `MAP_PRIVATE` and `MAP_SHARED` take them; `MAP_SHARED_VALIDATE` is stricter, see ``ValidatedMapFlags``.
extension MapFlags: DescribedFlags {
    public static var unknownBits: Treatment { .acceptedWithoutEffect("mm/mmap.c, do_mmap: LEGACY_MAP_MASK") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.none, "MAP_FILE", .honoured)
        reader.read(.fixed, "MAP_FIXED", .honoured)
        reader.read(.fixedNoReplace, "MAP_FIXED_NOREPLACE", .honoured)
        reader.read(.anonymous, "MAP_ANONYMOUS", .honoured)
        reader.read(.growsDown, "MAP_GROWSDOWN", .honoured)
        reader.read(.locked, "MAP_LOCKED", .honoured)
        reader.read(.noReserve, "MAP_NORESERVE", .honoured)
        reader.read(.populate, "MAP_POPULATE", .honoured)
        reader.read(.nonBlock, "MAP_NONBLOCK", .honoured)
        reader.read(
            .hugePages, "MAP_HUGETLB",
            .refused(.noMemory, "mm/hugetlb.c, hugetlb_acct_memory: no huge pages are set aside"))
        reader.read(
            .denyWrite, "MAP_DENYWRITE",
            .acceptedWithoutEffect("include/linux/mman.h, calc_vm_flag_bits: not among them"))
        reader.read(
            .executable, "MAP_EXECUTABLE",
            .acceptedWithoutEffect("include/linux/mman.h, calc_vm_flag_bits: not among them"))
        reader.read(
            .stack, "MAP_STACK", .acceptedWithoutEffect("include/linux/mman.h, calc_vm_flag_bits: not among them"))
        reader.read(.synchronous, "MAP_SYNC", .acceptedWithoutEffect("mm/mmap.c, do_mmap: LEGACY_MAP_MASK"))
        reader.read(
            .uninitialized, "MAP_UNINITIALIZED", .acceptedWithoutEffect("mm/nommu.c alone reads it"))
    }
}

/// `flags` of `mmap` beside `MAP_SHARED_VALIDATE` of a file: what the file does not support is refused.
@frozen public struct ValidatedMapFlags: DescribedFlags {
    /// The bits as the program passed them, the type (``MapFlags/sharing``) left out.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static var unknownBits: Treatment { .refused(.notSupported, "mm/mmap.c, do_mmap: mmap_supported_flags") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        // LEGACY_MAP_MASK, which MAP_FIXED_NOREPLACE is not in (include/linux/mman.h).
        reader.read(
            MapFlags.fixedNoReplace, "MAP_FIXED_NOREPLACE",
            .refused(.notSupported, "include/linux/mman.h, LEGACY_MAP_MASK: not in it"))
        reader.read(
            MapFlags.synchronous, "MAP_SYNC",
            .refused(.notSupported, "mm/mmap.c, do_mmap: only files on DAX support it"))
        reader.read(MapFlags.fixed, "MAP_FIXED", .honoured)
        reader.read(MapFlags.locked, "MAP_LOCKED", .honoured)
        reader.read(MapFlags.noReserve, "MAP_NORESERVE", .honoured)
        reader.read(MapFlags.populate, "MAP_POPULATE", .honoured)
        reader.read(MapFlags.nonBlock, "MAP_NONBLOCK", .honoured)
        reader.read(
            MapFlags.growsDown, "MAP_GROWSDOWN",
            .refused(.invalidArgument, "mm/mmap.c, do_mmap: nothing shared grows downwards"))
        reader.read(MapFlags.hugePages, "MAP_HUGETLB", .refused(.invalidArgument, "mm/mmap.c, ksys_mmap_pgoff"))
        reader.read(
            MapFlags.denyWrite, "MAP_DENYWRITE",
            .acceptedWithoutEffect("include/linux/mman.h, calc_vm_flag_bits: not among them"))
        reader.read(
            MapFlags.executable, "MAP_EXECUTABLE",
            .acceptedWithoutEffect("include/linux/mman.h, calc_vm_flag_bits: not among them"))
        reader.read(
            MapFlags.stack, "MAP_STACK",
            .acceptedWithoutEffect("include/linux/mman.h, calc_vm_flag_bits: not among them"))
        reader.read(
            MapFlags.uninitialized, "MAP_UNINITIALIZED", .acceptedWithoutEffect("mm/nommu.c alone reads it"))
        // Of MAP_HUGE_2MB only the lowest bit is not among these, and that one is MAP_UNINITIALIZED.
        reader.read(
            MapFlags.hugePagesOf1GiB, "bits of MAP_HUGE_1GB",
            .acceptedWithoutEffect("include/linux/mman.h, LEGACY_MAP_MASK: no size without MAP_HUGETLB"))
    }
}

extension MapFlags {
    /// The sharing type alone (MAP_TYPE): `shared`, `private`, `sharedValidate`, or a value that Linux refuses.
    public var sharing: UInt64 { rawValue & 0xF }

    /// The size of huge pages, as `hugePages` takes it: MAP_HUGE_MASK of these flags, shifted down.
    public var hugePageSize: UInt64 { rawValue >> 26 & 0x3F }
}

/// Who sees the stores to a mapping: the type (`MAP_TYPE`) among the flags of `mmap`.
public enum MapSharing: UInt64, DescribedValue {
    case shared = 1
    case `private` = 2
    case sharedValidate = 3
    case droppable = 8

    public static var unknownValue: Treatment { .refused(.invalidArgument, "mm/mmap.c, do_mmap") }

    @inlinable @inline(__always)
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .shared: ("MAP_SHARED", .honoured)
        case .private: ("MAP_PRIVATE", .honoured)
        // Of files; of anonymous memory it is EINVAL (mm/mmap.c, do_mmap).
        case .sharedValidate: ("MAP_SHARED_VALIDATE", .honoured)
        case .droppable:
            ("MAP_DROPPABLE", .refused(.invalidArgument, "mm/mmap.c, do_mmap: of Linux 6.11, no type of 6.1"))
        }
    }
}

/// The size of huge pages that `MAP_HUGETLB` and `MFD_HUGETLB` ask for: its binary logarithm in bits 26 … 31 of the flags.
public enum HugePageSize: UInt64, DescribedValue {
    case standard = 0
    case kibibytes16 = 14
    case kibibytes64 = 16
    case kibibytes512 = 19
    case mebibytes1 = 20
    case mebibytes2 = 21
    case mebibytes8 = 23
    case mebibytes16 = 24
    case mebibytes32 = 25
    case mebibytes256 = 28
    case mebibytes512 = 29
    case gibibytes1 = 30
    case gibibytes2 = 31
    case gibibytes16 = 34

    public static var unknownValue: Treatment { noSuchSize }

    /// The binary logarithm of a size in bytes that `number` asks for; nil where there is no such size.
    @inlinable
    public static func shift(of number: UInt64) -> UInt64? {
        guard let size = Self(rawValue: number), size.treatment.error == .noMemory else { return nil }
        return size == .standard ? HugePageSize.mebibytes2.rawValue : number
    }

    /// Sizes that pages of 4 KiB have no table level or contiguous run for.
    @inlinable static var noSuchSize: Treatment {
        .refused(.invalidArgument, "mm/mmap.c, ksys_mmap_pgoff: hstate_sizelog knows no such size")
    }

    /// Sizes that there are.
    @inlinable static var noneSetAside: Treatment {
        .refused(.noMemory, "mm/hugetlb.c, hugetlb_acct_memory: no huge pages are set aside")
    }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .standard: ("MAP_HUGETLB alone", Self.noneSetAside)
        case .kibibytes16: ("MAP_HUGE_16KB", Self.noSuchSize)
        case .kibibytes64: ("MAP_HUGE_64KB", Self.noneSetAside)
        case .kibibytes512: ("MAP_HUGE_512KB", Self.noSuchSize)
        case .mebibytes1: ("MAP_HUGE_1MB", Self.noSuchSize)
        case .mebibytes2: ("MAP_HUGE_2MB", Self.noneSetAside)
        case .mebibytes8: ("MAP_HUGE_8MB", Self.noSuchSize)
        case .mebibytes16: ("MAP_HUGE_16MB", Self.noSuchSize)
        case .mebibytes32: ("MAP_HUGE_32MB", Self.noneSetAside)
        case .mebibytes256: ("MAP_HUGE_256MB", Self.noSuchSize)
        case .mebibytes512: ("MAP_HUGE_512MB", Self.noSuchSize)
        case .gibibytes1: ("MAP_HUGE_1GB", Self.noneSetAside)
        case .gibibytes2: ("MAP_HUGE_2GB", Self.noSuchSize)
        case .gibibytes16: ("MAP_HUGE_16GB", Self.noSuchSize)
        }
    }
}
