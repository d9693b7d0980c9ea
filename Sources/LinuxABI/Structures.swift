// Structures that cross the system-call boundary, field by field in the order and size of the C ones on AArch64, every
// padding written out. `Tests` compares each one's size with Linux's.

/// `struct timespec`: a time or an interval. 16 bytes.
@frozen public struct TimeSpecification: BitwiseCopyable, Sendable {
    /// Whole seconds.
    public var seconds: Int64 = 0
    /// 0 … 999,999,999.
    public var nanoseconds: Int64 = 0

    /// All zero.
    public init() {}
}

/// `struct timeval`. 16 bytes.
@frozen public struct TimeValue: BitwiseCopyable, Sendable {
    /// Whole seconds.
    public var seconds: Int64 = 0
    /// 0 … 999,999.
    public var microseconds: Int64 = 0

    /// All zero.
    public init() {}
}

/// `struct stat`, the generic one that AArch64 uses. 128 bytes.
@frozen public struct FileStatus: BitwiseCopyable, Sendable {
    /// The device that holds the file.
    public var device: UInt64 = 0
    /// The file's number there.
    public var inode: UInt64 = 0
    /// Type and permissions, see `FileMode`.
    public var mode: UInt32 = 0
    /// Names of the file.
    public var linkCount: UInt32 = 0
    /// The owner.
    public var userID: UInt32 = 0
    /// The owner's group.
    public var groupID: UInt32 = 0
    /// The device that a device file stands for.
    public var specialDevice: UInt64 = 0
    /// Padding.
    public var padding1: UInt64 = 0
    /// Length in bytes.
    public var size: Int64 = 0
    /// The preferred size for I/O.
    public var blockSize: Int32 = 0
    /// Padding.
    public var padding2: Int32 = 0
    /// Blocks of 512 bytes in use.
    public var blockCount: Int64 = 0
    /// Last read.
    public var accessTime = TimeSpecification()
    /// Last write.
    public var modificationTime = TimeSpecification()
    /// Last change of these fields.
    public var changeTime = TimeSpecification()
    /// Unused.
    public var unused: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `struct statx_timestamp`. 16 bytes.
@frozen public struct ExtendedTimestamp: BitwiseCopyable, Sendable {
    /// Seconds since 1970.
    public var seconds: Int64 = 0
    /// 0 … 999,999,999.
    public var nanoseconds: UInt32 = 0
    /// Padding.
    public var padding: UInt32 = 0

    /// All zero.
    public init() {}
}

/// `struct statx`. 256 bytes.
@frozen public struct ExtendedFileStatus: BitwiseCopyable, Sendable {
    /// Which fields are told: STATX_….
    public var mask: UInt32 = 0
    /// The preferred size for I/O.
    public var blockSize: UInt32 = 0
    /// STATX_ATTR_….
    public var attributes: UInt64 = 0
    /// Names of the file.
    public var linkCount: UInt32 = 0
    /// The owner.
    public var userID: UInt32 = 0
    /// The owner's group.
    public var groupID: UInt32 = 0
    /// Type and permissions, see `FileMode`.
    public var mode: UInt16 = 0
    /// Padding.
    public var padding: UInt16 = 0
    /// The file's number.
    public var inode: UInt64 = 0
    /// Length in bytes.
    public var size: UInt64 = 0
    /// Blocks of 512 bytes in use.
    public var blockCount: UInt64 = 0
    /// Which bits of `attributes` mean something.
    public var attributesMask: UInt64 = 0
    /// Last read.
    public var accessTime = ExtendedTimestamp()
    /// When it was made.
    public var birthTime = ExtendedTimestamp()
    /// Last change of these fields.
    public var changeTime = ExtendedTimestamp()
    /// Last write.
    public var modificationTime = ExtendedTimestamp()
    /// The device that a device file stands for: its major number.
    public var specialDeviceMajor: UInt32 = 0
    /// Its minor number.
    public var specialDeviceMinor: UInt32 = 0
    /// The device that holds the file: its major number.
    public var deviceMajor: UInt32 = 0
    /// Its minor number.
    public var deviceMinor: UInt32 = 0
    /// The mount's number.
    public var mount: UInt64 = 0
    /// Alignment for direct I/O and room for more.
    public var spare = InlineArray<13, UInt64>(repeating: 0)

    /// All zero.
    public init() {}
}

/// `struct statfs`, the generic one of 64 bits. 120 bytes.
@frozen public struct FileSystemStatus: BitwiseCopyable, Sendable {
    /// The file system's magic number.
    public var type: Int64 = 0
    /// Bytes in a block.
    public var blockSize: Int64 = 0
    /// Blocks that there are.
    public var blocks: UInt64 = 0
    /// Blocks in no use.
    public var freeBlocks: UInt64 = 0
    /// Blocks in no use that anybody may use.
    public var availableBlocks: UInt64 = 0
    /// Files that there can be; 0 where nobody counts.
    public var files: UInt64 = 0
    /// Files that can still be made.
    public var freeFiles: UInt64 = 0
    /// The file system's number.
    public var number: UInt64 = 0
    /// The longest name.
    public var maximumName: Int64 = 0
    /// The smallest block.
    public var fragmentSize: Int64 = 0
    /// ST_….
    public var flags: Int64 = 0
    /// Unused.
    public var spare = InlineArray<4, UInt64>(repeating: 0)

    /// All zero.
    public init() {}
}

/// `struct new_utsname`: six strings, each ended by NUL. 390 bytes.
@frozen public struct SystemName: BitwiseCopyable, Sendable {
    /// Linux says `Linux`.
    public var system = InlineArray<65, UInt8>(repeating: 0)
    /// The machine's name in its network.
    public var node = InlineArray<65, UInt8>(repeating: 0)
    /// The kernel's release.
    public var release = InlineArray<65, UInt8>(repeating: 0)
    /// The kernel's version.
    public var version = InlineArray<65, UInt8>(repeating: 0)
    /// `aarch64`.
    public var machine = InlineArray<65, UInt8>(repeating: 0)
    /// The NIS domain.
    public var domain = InlineArray<65, UInt8>(repeating: 0)

    /// All zero.
    public init() {}
}

/// `struct iovec`: one piece of scattered memory. 16 bytes.
@frozen public struct IOVector: BitwiseCopyable, Sendable {
    /// The first byte's address.
    public var base: UInt64 = 0
    /// Bytes.
    public var count: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `struct rlimit64`; all ones is no limit. 16 bytes.
@frozen public struct ResourceLimit: BitwiseCopyable, Sendable {
    /// What is enforced.
    public var current: UInt64 = 0
    /// What `current` may be raised to.
    public var maximum: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `struct rusage`. 144 bytes.
@frozen public struct ResourceUsage: BitwiseCopyable, Sendable {
    /// Time at EL0.
    public var userTime = TimeValue()
    /// Time in the kernel.
    public var systemTime = TimeValue()
    /// KiB.
    public var maximumResidentSet: Int64 = 0
    /// Always 0.
    public var sharedMemory: Int64 = 0
    /// Always 0.
    public var unsharedData: Int64 = 0
    /// Always 0.
    public var unsharedStack: Int64 = 0
    /// Page faults without I/O.
    public var minorFaults: Int64 = 0
    /// Page faults with I/O.
    public var majorFaults: Int64 = 0
    /// Always 0.
    public var swaps: Int64 = 0
    /// Blocks read.
    public var blockReads: Int64 = 0
    /// Blocks written.
    public var blockWrites: Int64 = 0
    /// Always 0.
    public var messagesSent: Int64 = 0
    /// Always 0.
    public var messagesReceived: Int64 = 0
    /// Always 0.
    public var signals: Int64 = 0
    /// Times that it waited.
    public var voluntarySwitches: Int64 = 0
    /// Times that it was preempted.
    public var involuntarySwitches: Int64 = 0

    /// All zero.
    public init() {}
}

/// `struct sysinfo`. 112 bytes.
@frozen public struct SystemInformation: BitwiseCopyable, Sendable {
    /// Seconds since boot.
    public var uptime: Int64 = 0
    /// Load averages of 1, 5 and 15 minutes, times 65536.
    public var loads = InlineArray<3, UInt64>(repeating: 0)
    /// Usable RAM, in units of `unit`.
    public var totalMemory: UInt64 = 0
    /// RAM in no use.
    public var freeMemory: UInt64 = 0
    /// Shared memory.
    public var sharedMemory: UInt64 = 0
    /// Buffers.
    public var bufferMemory: UInt64 = 0
    /// Swap space.
    public var totalSwap: UInt64 = 0
    /// Swap space in no use.
    public var freeSwap: UInt64 = 0
    /// Processes now.
    public var processCount: UInt16 = 0
    /// Padding.
    public var padding1: UInt16 = 0
    /// Padding.
    public var padding2: UInt32 = 0
    /// Always 0.
    public var totalHighMemory: UInt64 = 0
    /// Always 0.
    public var freeHighMemory: UInt64 = 0
    /// Bytes in a unit.
    public var unit: UInt32 = 0
    /// Padding.
    public var padding3: UInt32 = 0

    /// All zero.
    public init() {}
}

/// `struct sigaction` as the kernel sees it. 32 bytes.
@frozen public struct SignalAction: BitwiseCopyable, Sendable {
    /// 0 is the default, 1 ignores, anything else is called.
    public var handler: UInt64 = 0
    /// SA_…, see `SignalActionFlags`.
    public var flags: UInt64 = 0
    /// The return address, with SA_RESTORER.
    public var restorer: UInt64 = 0
    /// Signals blocked meanwhile: signal n is bit n − 1.
    public var mask: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `stack_t`: an alternate signal stack. 24 bytes.
@frozen public struct SignalStack: BitwiseCopyable, Sendable {
    /// The lowest address.
    public var base: UInt64 = 0
    /// SS_ONSTACK is 1, SS_DISABLE is 2.
    public var flags: Int32 = 0
    /// Padding.
    public var padding: Int32 = 0
    /// Bytes.
    public var size: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `struct pollfd`. 8 bytes.
@frozen public struct PollDescriptor: BitwiseCopyable, Sendable {
    /// Ignored when negative.
    public var descriptor: Int32 = 0
    /// What is asked for: POLLIN 1, POLLOUT 4, ….
    public var events: Int16 = 0
    /// What is so: also POLLERR 8, POLLHUP 0x10, POLLNVAL 0x20.
    public var results: Int16 = 0

    /// All zero.
    public init() {}
}

/// The fixed part of `struct linux_dirent64`. The name follows at byte 19, NUL-ended; entries are 8-byte aligned.
/// 19 bytes.
@frozen public struct DirectoryEntryHeader: BitwiseCopyable, Sendable {
    /// The file's number.
    public var inode: UInt64 = 0
    /// Where the next entry is, for `lseek`.
    public var offset: Int64 = 0
    /// Bytes of the whole entry.
    public var length: UInt16 = 0
    /// See `FileMode.FileType`.
    public var type: UInt8 = 0

    /// All zero.
    public init() {}
}

/// `struct winsize`: TIOCGWINSZ. 8 bytes.
@frozen public struct WindowSize: BitwiseCopyable, Sendable {
    /// Lines of text.
    public var rows: UInt16 = 0
    /// Characters in one.
    public var columns: UInt16 = 0
    /// Pixels.
    public var width: UInt16 = 0
    /// Pixels.
    public var height: UInt16 = 0

    /// All zero.
    public init() {}
}

/// `sa_flags` of `rt_sigaction`. Source: Linux `include/uapi/asm-generic/signal-defs.h`.
public enum SignalActionFlags {
    /// SA_NOCLDSTOP.
    public static var noChildStop: UInt64 { 0x1 }
    /// SA_NOCLDWAIT.
    public static var noChildWait: UInt64 { 0x2 }
    /// SA_SIGINFO.
    public static var information: UInt64 { 0x4 }
    /// SA_EXPOSE_TAGBITS: `si_addr` keeps the tag of the address that was used.
    public static var exposeTagBits: UInt64 { 0x800 }
    /// SA_RESTORER.
    public static var restorer: UInt64 { 0x0400_0000 }
    /// SA_ONSTACK.
    public static var onStack: UInt64 { 0x0800_0000 }
    /// SA_RESTART.
    public static var restart: UInt64 { 0x1000_0000 }
    /// SA_NODEFER.
    public static var noDefer: UInt64 { 0x4000_0000 }
    /// SA_RESETHAND.
    public static var resetHandler: UInt64 { 0x8000_0000 }
    /// Those that are kept; SA_UNSUPPORTED (0x400) never is.
    public static var all: UInt64 {
        noChildStop | noChildWait | information | exposeTagBits | restorer | onStack | restart | noDefer | resetHandler
    }
}
