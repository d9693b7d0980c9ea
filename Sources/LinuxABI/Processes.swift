/// `flags` of `clone`; the low eight bits are the signal that the parent gets at the end.
///
/// Source: Linux `include/uapi/linux/sched.h`.
@frozen public struct CloneFlags: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt64

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// CLONE_VM: shares the address space.
    public static var memory: CloneFlags { CloneFlags(rawValue: 0x100) }
    /// CLONE_FS: shares working directory and umask.
    public static var fileSystem: CloneFlags { CloneFlags(rawValue: 0x200) }
    /// CLONE_FILES: shares the descriptor table.
    public static var files: CloneFlags { CloneFlags(rawValue: 0x400) }
    /// CLONE_SIGHAND: shares the signal handlers.
    public static var signalHandlers: CloneFlags { CloneFlags(rawValue: 0x800) }
    /// CLONE_PIDFD: returns a descriptor for the child.
    public static var pidDescriptor: CloneFlags { CloneFlags(rawValue: 0x1000) }
    /// CLONE_PTRACE: traced, if the parent is.
    public static var trace: CloneFlags { CloneFlags(rawValue: 0x2000) }
    /// CLONE_VFORK: the parent waits until the child executes or ends.
    public static var vfork: CloneFlags { CloneFlags(rawValue: 0x4000) }
    /// CLONE_PARENT: a sibling rather than a child.
    public static var parent: CloneFlags { CloneFlags(rawValue: 0x8000) }
    /// CLONE_THREAD: in the same thread group.
    public static var thread: CloneFlags { CloneFlags(rawValue: 0x1_0000) }
    /// CLONE_NEWNS: a mount namespace of its own.
    public static var newNamespace: CloneFlags { CloneFlags(rawValue: 0x2_0000) }
    /// CLONE_SYSVSEM: shares semaphore undo lists.
    public static var systemVSemaphores: CloneFlags { CloneFlags(rawValue: 0x4_0000) }
    /// CLONE_SETTLS: sets the thread pointer.
    public static var setTLS: CloneFlags { CloneFlags(rawValue: 0x8_0000) }
    /// CLONE_PARENT_SETTID: stores the child's id for the parent.
    public static var parentSetTID: CloneFlags { CloneFlags(rawValue: 0x10_0000) }
    /// CLONE_CHILD_CLEARTID: clears the child's id at its end and wakes the futex there.
    public static var childClearTID: CloneFlags { CloneFlags(rawValue: 0x20_0000) }
    /// CLONE_DETACHED: ignored, as Linux does.
    public static var detached: CloneFlags { CloneFlags(rawValue: 0x40_0000) }
    /// CLONE_UNTRACED: cannot be forced to be traced.
    public static var untraced: CloneFlags { CloneFlags(rawValue: 0x80_0000) }
    /// CLONE_CHILD_SETTID: stores the child's id for the child.
    public static var childSetTID: CloneFlags { CloneFlags(rawValue: 0x100_0000) }
    /// CLONE_NEWCGROUP: a control-group namespace of its own.
    public static var newControlGroup: CloneFlags { CloneFlags(rawValue: 0x200_0000) }
    /// CLONE_NEWUTS: host and domain name of its own.
    public static var newNames: CloneFlags { CloneFlags(rawValue: 0x400_0000) }
    /// CLONE_NEWIPC: a namespace of System V objects of its own.
    public static var newInterprocess: CloneFlags { CloneFlags(rawValue: 0x800_0000) }
    /// CLONE_NEWUSER: a user namespace of its own.
    public static var newUsers: CloneFlags { CloneFlags(rawValue: 0x1000_0000) }
    /// CLONE_NEWPID: a process namespace of its own.
    public static var newProcesses: CloneFlags { CloneFlags(rawValue: 0x2000_0000) }
    /// CLONE_NEWNET: a network namespace of its own.
    public static var newNetwork: CloneFlags { CloneFlags(rawValue: 0x4000_0000) }
    /// CLONE_IO: shares the I/O context.
    public static var inputOutput: CloneFlags { CloneFlags(rawValue: 0x8000_0000) }
}

/// The signal at the end, in the low eight bits, is no flag.
extension CloneFlags: DescribedFlags {
    public static var unknownBits: Treatment {
        .acceptedWithoutEffect("kernel/fork.c, clone: the upper half is not looked at")
    }

    @inlinable @inline(__always)
    public static func describe(to reader: inout some FlagReader<Self>) {
        reader.read(.memory, "CLONE_VM", .honoured)
        reader.read(.fileSystem, "CLONE_FS", .notBuilt(.noFunction))
        reader.read(.files, "CLONE_FILES", .honoured)
        reader.read(.signalHandlers, "CLONE_SIGHAND", .notBuilt(.noFunction))
        reader.read(.pidDescriptor, "CLONE_PIDFD", .notBuilt(.noFunction))
        reader.read(.trace, "CLONE_PTRACE", .notBuilt(.noFunction))
        reader.read(.vfork, "CLONE_VFORK", .honoured)
        reader.read(.parent, "CLONE_PARENT", .notBuilt(.noFunction))
        reader.read(.thread, "CLONE_THREAD", .notBuilt(.noFunction))
        reader.read(.newNamespace, "CLONE_NEWNS", .notBuilt(.noFunction))
        reader.read(.systemVSemaphores, "CLONE_SYSVSEM", .notBuilt(.noFunction))
        reader.read(.setTLS, "CLONE_SETTLS", .honoured)
        reader.read(.parentSetTID, "CLONE_PARENT_SETTID", .honoured)
        reader.read(.childClearTID, "CLONE_CHILD_CLEARTID", .honoured)
        reader.read(.detached, "CLONE_DETACHED", .acceptedWithoutEffect("kernel/fork.c: nobody reads it"))
        reader.read(
            .untraced, "CLONE_UNTRACED", .acceptedWithoutEffect("kernel/fork.c, kernel_clone: nothing is traced"))
        reader.read(.childSetTID, "CLONE_CHILD_SETTID", .honoured)
        reader.read(.newControlGroup, "CLONE_NEWCGROUP", .notBuilt(.noFunction))
        reader.read(.newNames, "CLONE_NEWUTS", .notBuilt(.noFunction))
        reader.read(.newInterprocess, "CLONE_NEWIPC", .notBuilt(.noFunction))
        reader.read(.newUsers, "CLONE_NEWUSER", .notBuilt(.noFunction))
        reader.read(.newProcesses, "CLONE_NEWPID", .notBuilt(.noFunction))
        reader.read(.newNetwork, "CLONE_NEWNET", .notBuilt(.noFunction))
        reader.read(.inputOutput, "CLONE_IO", .notBuilt(.noFunction))
    }
}

extension CloneFlags {
    /// The number of the signal that the parent gets when the child ends; 0 for none.
    public var exitSignal: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
}

/// `options` of `wait4`. Source: Linux `include/uapi/linux/wait.h`.
@frozen public struct WaitOptions: FlagSet {
    /// The bits as the program passed them.
    public let rawValue: UInt32

    /// A set of flags from its bits, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// WNOHANG: returns 0 rather than waiting.
    public static var noHang: WaitOptions { WaitOptions(rawValue: 0x1) }
    /// WUNTRACED: reports stopped children too.
    public static var untraced: WaitOptions { WaitOptions(rawValue: 0x2) }
    /// WCONTINUED: reports continued children too.
    public static var continued: WaitOptions { WaitOptions(rawValue: 0x8) }
    /// __WNOTHREAD: only this thread's children.
    public static var noThread: WaitOptions { WaitOptions(rawValue: 0x2000_0000) }
    /// __WALL: all children, whatever their signal.
    public static var all: WaitOptions { WaitOptions(rawValue: 0x4000_0000) }
    /// __WCLONE: only children whose signal is not SIGCHLD.
    public static var clone: WaitOptions { WaitOptions(rawValue: 0x8000_0000) }
}

/// How a process ended, as `wait4` stores it: `status << 8`, or the number of the signal that ended it.
@frozen public struct WaitStatus: RawRepresentable, Equatable, Sendable {
    /// The status word.
    public let rawValue: UInt32

    /// The status of a word.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Ended by itself with a status of 0 … 255.
    public init(exited status: UInt8) { rawValue = UInt32(status) << 8 }

    /// Ended by a signal. Nothing dumps core, so the flag for that is never set.
    public init(signaled signal: Signal) { rawValue = UInt32(signal.rawValue) }

    /// The exit status, if the process ended by itself.
    public var exitStatus: UInt8? { rawValue & 0x7F == 0 ? UInt8(truncatingIfNeeded: rawValue >> 8) : nil }

    /// The signal that ended the process, if one did.
    public var signal: Signal? {
        let number = UInt8(truncatingIfNeeded: rawValue & 0x7F)
        return number == 0 || number == 0x7F ? nil : Signal(rawValue: number)
    }

    /// One number for both, as shells count: the exit status, or 128 + the signal.
    public var shellStatus: UInt8 { exitStatus ?? 128 &+ (signal?.rawValue ?? 0x7F) }
}

/// `which` of the clock calls. Source: Linux `include/uapi/linux/time.h`.
public enum ClockIdentifier: UInt32, Sendable {
    case realtime = 0
    case monotonic = 1
    case processTime = 2
    case threadTime = 3
    case monotonicRaw = 4
    case realtimeCoarse = 5
    case monotonicCoarse = 6
    case boottime = 7
    case tai = 11
}

/// `how` of `rt_sigprocmask`.
public enum SignalMaskChange: UInt32, Sendable {
    case block = 0
    case unblock = 1
    case set = 2
}

/// The low seven bits of `op` of `futex`. Source: Linux `include/uapi/linux/futex.h`.
public enum FutexOperation: UInt32, Sendable {
    case wait = 0
    case wake = 1
    case requeue = 3
    case compareRequeue = 4
    case wakeOperation = 5
    case waitBitset = 9
    case wakeBitset = 10
}

/// Entry types of the auxiliary vector. Source: Linux `include/uapi/linux/auxvec.h`, `arch/arm64/…/auxvec.h`.
public enum AuxiliaryType: UInt64, Sendable {
    case end = 0
    case ignore = 1
    case programHeaders = 3
    case programHeaderSize = 4
    case programHeaderCount = 5
    case pageSize = 6
    case interpreterBase = 7
    case flags = 8
    case entry = 9
    case userID = 11
    case effectiveUserID = 12
    case groupID = 13
    case effectiveGroupID = 14
    case platform = 15
    case hardwareCapabilities = 16
    case clockTicks = 17
    case secure = 23
    case random = 25
    case hardwareCapabilities2 = 26
    case executableName = 31
    case systemInformationHeader = 33
    case minimumSignalStack = 51
}
