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
    /// PROT_BTI: branches land on marked targets only. Where the CPU has no BTI, `mprotect` refuses it with EINVAL
    /// (arch/arm64/include/asm/mman.h, arch_validate_prot), and `mmap` ignores it (arch_calc_vm_prot_bits).
    public static var branchTargets: Protection { Protection(rawValue: 0x10) }
    /// PROT_MTE: allocation tags are kept.
    public static var memoryTags: Protection { Protection(rawValue: 0x20) }
    /// PROT_GROWSDOWN: `mprotect` extends to the start of a mapping that grows down.
    public static var growsDown: Protection { Protection(rawValue: 0x0100_0000) }
    /// PROT_GROWSUP: `mprotect` extends to the end of a mapping that grows up.
    public static var growsUp: Protection { Protection(rawValue: 0x0200_0000) }
}

/// As `mprotect` takes it (arch/arm64/include/asm/mman.h, arch_validate_prot).
extension Protection: DescribedFlags {
    public static var unknownBits: Treatment {
        .refused(.invalidArgument, "arch/arm64/include/asm/mman.h, arch_validate_prot")
    }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.read, "PROT_READ", .honoured)
        reader.read(.write, "PROT_WRITE", .honoured)
        reader.read(.execute, "PROT_EXEC", .honoured)
        reader.read(
            .semaphores, "PROT_SEM", .acceptedWithoutEffect("arch/arm64/include/asm/mman.h, arch_calc_vm_prot_bits"))
        reader.read(.branchTargets, "PROT_BTI", .honoured)
        reader.read(
            .memoryTags, "PROT_MTE",
            .refused(.invalidArgument, "arch/arm64/include/asm/mman.h, arch_validate_prot: the CPU has no MTE"))
        reader.read(.growsDown, "PROT_GROWSDOWN", .honoured)
        reader.read(
            .growsUp, "PROT_GROWSUP", .refused(.invalidArgument, "mm/mprotect.c: nothing on arm64 grows upwards"))
    }
}

/// What a mapping permits, as `mmap` takes it: bits that it does not know have no effect.
@frozen public struct MapProtection: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static var unknownBits: Treatment { .acceptedWithoutEffect("mm/mmap.c, calc_vm_prot_bits") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(Protection.read, "PROT_READ", .honoured)
        reader.read(Protection.write, "PROT_WRITE", .honoured)
        reader.read(Protection.execute, "PROT_EXEC", .honoured)
        reader.read(
            Protection.semaphores, "PROT_SEM",
            .acceptedWithoutEffect("arch/arm64/include/asm/mman.h, arch_calc_vm_prot_bits"))
        reader.read(Protection.branchTargets, "PROT_BTI", .honoured)
        reader.read(
            Protection.memoryTags, "PROT_MTE",
            .acceptedWithoutEffect("arch/arm64/include/asm/mman.h, arch_calc_vm_prot_bits: the CPU has no MTE"))
        reader.read(
            Protection.growsDown, "PROT_GROWSDOWN",
            .acceptedWithoutEffect("mm/mmap.c, calc_vm_prot_bits: mprotect's alone"))
        reader.read(
            Protection.growsUp, "PROT_GROWSUP", .acceptedWithoutEffect("mm/mmap.c, calc_vm_prot_bits: mprotect's alone")
        )
    }
}
