/// `resource` of `getrlimit`, `setrlimit` and `prlimit64`: what a limit can be set for. Every limit can be read.
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
        case .processorTime: ("RLIMIT_CPU", .notBuilt(.notPermitted))
        case .fileSize: ("RLIMIT_FSIZE", .notBuilt(.notPermitted))
        case .data: ("RLIMIT_DATA", .notBuilt(.notPermitted))
        case .stack: ("RLIMIT_STACK", .notBuilt(.notPermitted))
        case .core: ("RLIMIT_CORE", .notBuilt(.notPermitted))
        case .residentSet: ("RLIMIT_RSS", .notBuilt(.notPermitted))
        case .processes: ("RLIMIT_NPROC", .notBuilt(.notPermitted))
        case .openFiles: ("RLIMIT_NOFILE", .notBuilt(.notPermitted))
        case .lockedMemory: ("RLIMIT_MEMLOCK", .notBuilt(.notPermitted))
        case .addressSpace: ("RLIMIT_AS", .notBuilt(.notPermitted))
        case .fileLocks: ("RLIMIT_LOCKS", .notBuilt(.notPermitted))
        case .pendingSignals: ("RLIMIT_SIGPENDING", .notBuilt(.notPermitted))
        case .messageQueues: ("RLIMIT_MSGQUEUE", .notBuilt(.notPermitted))
        case .nice: ("RLIMIT_NICE", .notBuilt(.notPermitted))
        case .realTimePriority: ("RLIMIT_RTPRIO", .notBuilt(.notPermitted))
        case .realTimeTime: ("RLIMIT_RTTIME", .notBuilt(.notPermitted))
        }
    }
}
