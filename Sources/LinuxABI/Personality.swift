/// `persona` of `personality`: the process's flags, above the execution domain in the low eight bits.
///
/// Whatever is accepted is kept, returned, and inherited by children and programs.
/// Source: Linux `include/uapi/linux/personality.h`.
@frozen public struct Personality: DescribedFlags {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// UNAME26: `uname` tells a release of 2.6.
    @inlinable public static var oldRelease: Personality { Personality(rawValue: 0x002_0000) }
    /// ADDR_NO_RANDOMIZE: the next program's addresses are not randomised.
    @inlinable public static var noRandomization: Personality { Personality(rawValue: 0x004_0000) }
    /// FDPIC_FUNCPTRS: signal handlers are function descriptors.
    @inlinable public static var functionDescriptors: Personality { Personality(rawValue: 0x008_0000) }
    /// MMAP_PAGE_ZERO: the next program has a page at address 0.
    @inlinable public static var pageZero: Personality { Personality(rawValue: 0x010_0000) }
    /// ADDR_COMPAT_LAYOUT: `mmap` picks addresses upwards.
    @inlinable public static var compatibleLayout: Personality { Personality(rawValue: 0x020_0000) }
    /// READ_IMPLIES_EXEC: what may be read may be executed.
    @inlinable public static var readImpliesExecute: Personality { Personality(rawValue: 0x040_0000) }
    /// ADDR_LIMIT_32BIT: addresses of 32 bits.
    @inlinable public static var addressesOf32Bits: Personality { Personality(rawValue: 0x080_0000) }
    /// SHORT_INODE: file numbers of 16 bits.
    @inlinable public static var shortFileNumbers: Personality { Personality(rawValue: 0x100_0000) }
    /// WHOLE_SECONDS: times of files in seconds.
    @inlinable public static var wholeSeconds: Personality { Personality(rawValue: 0x200_0000) }
    /// STICKY_TIMEOUTS: `ppoll` and `pselect6` leave the time limit as it was.
    @inlinable public static var stickyTimeouts: Personality { Personality(rawValue: 0x400_0000) }
    /// ADDR_LIMIT_3GB: addresses below 3 GiB.
    @inlinable public static var addressesBelow3GiB: Personality { Personality(rawValue: 0x800_0000) }

    public static var unknownBits: Treatment { .acceptedWithoutEffect("kernel/exec_domain.c: kept and returned") }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.oldRelease, "UNAME26", .honoured)
        reader.read(.noRandomization, "ADDR_NO_RANDOMIZE", .honoured)
        reader.read(
            .functionDescriptors, "FDPIC_FUNCPTRS", .acceptedWithoutEffect("arch/arm/kernel/signal.c alone reads it"))
        reader.read(
            .pageZero, "MMAP_PAGE_ZERO",
            .acceptedWithoutEffect("fs/binfmt_elf.c, load_elf_binary: as where vm.mmap_min_addr forbids the page"))
        // Akuma has no other layout.
        reader.read(.compatibleLayout, "ADDR_COMPAT_LAYOUT", .honoured)
        reader.read(.readImpliesExecute, "READ_IMPLIES_EXEC", .honoured)
        reader.read(
            .addressesOf32Bits, "ADDR_LIMIT_32BIT", .acceptedWithoutEffect("arch/arm64 does not read it"))
        reader.read(.shortFileNumbers, "SHORT_INODE", .acceptedWithoutEffect("fs/stat.c does not read it"))
        reader.read(.wholeSeconds, "WHOLE_SECONDS", .acceptedWithoutEffect("fs/stat.c does not read it"))
        // No call writes the time that is left.
        reader.read(.stickyTimeouts, "STICKY_TIMEOUTS", .honoured)
        reader.read(
            .addressesBelow3GiB, "ADDR_LIMIT_3GB", .acceptedWithoutEffect("arch/arm64 does not read it"))
    }
}

extension Personality {
    /// The execution domain alone (PER_MASK).
    @inlinable public var domain: UInt32 { rawValue & 0xFF }
}

/// Whose ways a process has: the low eight bits of a personality.
public enum ExecutionDomain: UInt32, DescribedValue {
    case linux = 0
    case linux32 = 8

    public static var unknownValue: Treatment { .acceptedWithoutEffect("kernel/exec_domain.c: kept and returned") }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .linux: ("PER_LINUX", .honoured)
        case .linux32:
            ("PER_LINUX32", .refused(.invalidArgument, "arch/arm64/kernel/sys.c: the CPU has no AArch32 at EL0"))
        }
    }
}
