/// `flags` of `openat`, with the access mode in the low two bits.
///
/// Source: Linux `include/uapi/asm-generic/fcntl.h`, `arch/arm64/include/uapi/asm/fcntl.h` (AArch64 has its own values
/// for directory, noFollow, direct and largeFile).
@frozen public struct OpenFlags: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// O_WRONLY: access mode: writes.
    public static var writeOnly: OpenFlags { OpenFlags(rawValue: 0o1) }
    /// O_RDWR: access mode: reads and writes.
    public static var readWrite: OpenFlags { OpenFlags(rawValue: 0o2) }
    /// O_CREAT: makes the file when it is missing.
    public static var create: OpenFlags { OpenFlags(rawValue: 0o100) }
    /// O_EXCL: with `create`: EEXIST when it is there.
    public static var exclusive: OpenFlags { OpenFlags(rawValue: 0o200) }
    /// O_NOCTTY: does not become the controlling terminal.
    public static var noControllingTerminal: OpenFlags { OpenFlags(rawValue: 0o400) }
    /// O_TRUNC: to length zero.
    public static var truncate: OpenFlags { OpenFlags(rawValue: 0o1000) }
    /// O_APPEND: each write goes to the end.
    public static var append: OpenFlags { OpenFlags(rawValue: 0o2000) }
    /// O_NONBLOCK: EAGAIN rather than waiting.
    public static var nonBlocking: OpenFlags { OpenFlags(rawValue: 0o4000) }
    /// O_DSYNC: each write reaches the medium.
    public static var dataSync: OpenFlags { OpenFlags(rawValue: 0o1_0000) }
    /// O_DIRECTORY: ENOTDIR unless it is a directory.
    public static var directory: OpenFlags { OpenFlags(rawValue: 0o4_0000) }
    /// O_NOFOLLOW: ELOOP when the last part is a symbolic link.
    public static var noFollow: OpenFlags { OpenFlags(rawValue: 0o10_0000) }
    /// O_DIRECT: past the cache.
    public static var direct: OpenFlags { OpenFlags(rawValue: 0o20_0000) }
    /// O_LARGEFILE: no effect with 64-bit offsets.
    public static var largeFile: OpenFlags { OpenFlags(rawValue: 0o40_0000) }
    /// O_NOATIME: leaves the access time alone.
    public static var noAccessTime: OpenFlags { OpenFlags(rawValue: 0o100_0000) }
    /// O_CLOEXEC: closed by `execve`.
    public static var closeOnExec: OpenFlags { OpenFlags(rawValue: 0o200_0000) }
    /// O_PATH: names the file without opening it.
    public static var path: OpenFlags { OpenFlags(rawValue: 0o1000_0000) }
    /// `__O_TMPFILE`: a part of `temporaryFile`, of no use alone.
    public static var temporary: OpenFlags { OpenFlags(rawValue: 0o2000_0000) }
    /// O_TMPFILE: a new file without a name in the directory that the path names.
    public static var temporaryFile: OpenFlags { OpenFlags(rawValue: 0o2004_0000) }
}

extension OpenFlags {
    /// O_RDONLY: the empty set, access mode reads.
    public static var readOnly: OpenFlags { OpenFlags(rawValue: 0) }

    /// The access mode's two bits (O_ACCMODE): 0 reads, 1 writes, 2 both, 3 neither.
    public var accessMode: UInt32 { rawValue & 0o3 }
}

/// The directory descriptor and flags of the `…at` calls. Source: Linux `include/uapi/linux/fcntl.h`.
public enum AtFlags {
    /// AT_FDCWD: paths start at the working directory.
    public static var currentDirectory: Int32 { -100 }
    /// AT_SYMLINK_NOFOLLOW: a symbolic link itself, not what it names.
    public static var noFollow: UInt32 { 0x100 }
    /// AT_EACCESS: checks with the effective identity.
    public static var effectiveAccess: UInt32 { 0x200 }
    /// AT_SYMLINK_FOLLOW: follows a symbolic link where the call would not.
    public static var follow: UInt32 { 0x400 }
    /// AT_NO_AUTOMOUNT.
    public static var noAutomount: UInt32 { 0x800 }
    /// AT_EMPTY_PATH: an empty path names the descriptor itself.
    public static var emptyPath: UInt32 { 0x1000 }
}

extension AtFlags {
    /// AT_REMOVEDIR: `unlinkat` removes a directory.
    public static var removeDirectory: UInt32 { 0x200 }
    /// AT_STATX_FORCE_SYNC: no difference where there is no other machine.
    public static var forceSync: UInt32 { 0x2000 }
    /// AT_STATX_DONT_SYNC: no difference where there is no other machine.
    public static var dontSync: UInt32 { 0x4000 }
}

/// `flags` of `renameat2`. Source: Linux `include/uapi/linux/fs.h`.
@frozen public struct RenameFlags: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// RENAME_NOREPLACE: EEXIST where the new name is taken.
    public static var noReplace: RenameFlags { RenameFlags(rawValue: 1) }
    /// RENAME_EXCHANGE: the two names change places.
    public static var exchange: RenameFlags { RenameFlags(rawValue: 2) }
    /// RENAME_WHITEOUT: leaves a mark for overlay file systems.
    public static var whiteout: RenameFlags { RenameFlags(rawValue: 4) }
}

/// `mode` of `fallocate`. Source: Linux `include/uapi/linux/falloc.h`.
@frozen public struct AllocationMode: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// FALLOC_FL_KEEP_SIZE: room beyond the end does not move the end.
    public static var keepSize: AllocationMode { AllocationMode(rawValue: 1) }
    /// FALLOC_FL_PUNCH_HOLE: takes room away.
    public static var punchHole: AllocationMode { AllocationMode(rawValue: 2) }
}

/// `whence` of `lseek`.
public enum SeekOrigin: UInt32, Sendable {
    case start = 0
    case current = 1
    case end = 2
    case data = 3
    case hole = 4
}

/// `cmd` of `fcntl`. Source: Linux `include/uapi/asm-generic/fcntl.h`.
public enum FileControl: UInt32, Sendable {
    case duplicate = 0
    case getDescriptorFlags = 1
    case setDescriptorFlags = 2
    case getStatusFlags = 3
    case setStatusFlags = 4
    case duplicateCloseOnExec = 1030
    case setPipeSize = 1031
    case getPipeSize = 1032
    case addSeals = 1033
    case getSeals = 1034
}

/// `st_mode`: the file's type in the top four bits of sixteen, its permissions below.
///
/// Source: Linux `include/uapi/linux/stat.h`.
@frozen public struct FileMode: RawRepresentable, Equatable, Sendable {
    /// The mode's bits.
    public let rawValue: UInt32

    /// The mode of some bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The type of a file, with the value that `d_type` of `getdents64` has.
    public enum FileType: UInt8, Sendable {
        case unknown = 0
        case fifo = 1
        case characterDevice = 2
        case directory = 4
        case blockDevice = 6
        case regular = 8
        case symbolicLink = 10
        case socket = 12
    }

    /// A mode of a type and permissions `0o0000` … `0o7777`.
    public init(_ type: FileType, permissions: UInt32) {
        rawValue = UInt32(type.rawValue) << 12 | (permissions & 0o7777)
    }

    /// The file's type.
    public var type: FileType { FileType(rawValue: UInt8(truncatingIfNeeded: rawValue >> 12 & 0xF)) ?? .unknown }

    /// The permissions, `0o0000` … `0o7777`.
    public var permissions: UInt32 { rawValue & 0o7777 }
}
