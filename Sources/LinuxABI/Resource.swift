/// `resource` of `getrlimit`, `setrlimit` and `prlimit64`: what a limit can be set for. Every limit can be
/// read, and set to what it is.
///
/// Source: Linux `include/uapi/asm-generic/resource.h`.
public enum Resource: UInt32, DescribedValue {
    case processorTime = 0
    case fileSize = 1
    case data = 2
    case stack = 3
    case core = 4
    case residentSet = 5
    case processes = 6
    case openFiles = 7
    case lockedMemory = 8
    case addressSpace = 9
    case fileLocks = 10
    case pendingSignals = 11
    case messageQueues = 12
    case nice = 13
    case realTimePriority = 14
    case realTimeTime = 15

    public static var unknownValue: Treatment { .refused(.invalidArgument, "kernel/sys.c, do_prlimit") }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        // Nothing dumps core, and root locks what it likes, so that these two limits are always kept.
        case .processorTime: ("RLIMIT_CPU", .notBuilt(.notPermitted))
        case .fileSize: ("RLIMIT_FSIZE", .notBuilt(.notPermitted))
        case .data: ("RLIMIT_DATA", .honoured)
        case .stack: ("RLIMIT_STACK", .honoured)
        case .core: ("RLIMIT_CORE", .honoured)
        case .residentSet: ("RLIMIT_RSS", .acceptedWithoutEffect("mm/vmscan.c: nobody reads it"))
        case .processes: ("RLIMIT_NPROC", .acceptedWithoutEffect("kernel/fork.c, copy_process: root is exempt"))
        case .openFiles: ("RLIMIT_NOFILE", .notBuilt(.notPermitted))
        case .lockedMemory: ("RLIMIT_MEMLOCK", .honoured)
        case .addressSpace: ("RLIMIT_AS", .honoured)
        case .fileLocks: ("RLIMIT_LOCKS", .acceptedWithoutEffect("fs/locks.c: nobody reads it"))
        case .pendingSignals: ("RLIMIT_SIGPENDING", .notBuilt(.notPermitted))
        case .messageQueues: ("RLIMIT_MSGQUEUE", .notBuilt(.notPermitted))
        case .nice: ("RLIMIT_NICE", .acceptedWithoutEffect("kernel/sched/core.c, can_nice: root is exempt"))
        case .realTimePriority:
            ("RLIMIT_RTPRIO", .acceptedWithoutEffect("kernel/sched/core.c, __sched_setscheduler: root is exempt"))
        case .realTimeTime: ("RLIMIT_RTTIME", .notBuilt(.notPermitted))
        }
    }
}
