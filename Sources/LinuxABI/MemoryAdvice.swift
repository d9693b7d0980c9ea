/// `advice` of `madvise`. Source: Linux `include/uapi/asm-generic/mman-common.h`.
public enum MemoryAdvice: UInt32, DescribedValue {
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
    case poison = 100
    case softOffline = 101
    case guardInstall = 102
    case guardRemove = 103

    public static var unknownValue: Treatment { .refused(.invalidArgument, "mm/madvise.c, madvise_behavior_valid") }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .normal: ("MADV_NORMAL", .acceptedWithoutEffect("mm/madvise.c: for reading ahead in files"))
        case .random: ("MADV_RANDOM", .acceptedWithoutEffect("mm/madvise.c: for reading ahead in files"))
        case .sequential: ("MADV_SEQUENTIAL", .acceptedWithoutEffect("mm/madvise.c: for reading ahead in files"))
        case .willNeed:
            ("MADV_WILLNEED", .acceptedWithoutEffect("mm/madvise.c, madvise_willneed: nothing is swapped out"))
        case .dontNeed: ("MADV_DONTNEED", .honoured)
        case .free: ("MADV_FREE", .acceptedWithoutEffect("mm/vmscan.c: pages go when memory is short, if at all"))
        case .remove: ("MADV_REMOVE", .notBuilt(.invalidArgument))
        case .dontFork: ("MADV_DONTFORK", .notBuilt(.invalidArgument))
        case .doFork: ("MADV_DOFORK", .notBuilt(.invalidArgument))
        case .mergeable: ("MADV_MERGEABLE", .notBuilt(.invalidArgument))
        case .unmergeable: ("MADV_UNMERGEABLE", .notBuilt(.invalidArgument))
        case .hugePage: ("MADV_HUGEPAGE", .notBuilt(.invalidArgument))
        case .noHugePage: ("MADV_NOHUGEPAGE", .notBuilt(.invalidArgument))
        case .dontDump: ("MADV_DONTDUMP", .notBuilt(.invalidArgument))
        case .doDump: ("MADV_DODUMP", .notBuilt(.invalidArgument))
        case .wipeOnFork: ("MADV_WIPEONFORK", .notBuilt(.invalidArgument))
        case .keepOnFork: ("MADV_KEEPONFORK", .notBuilt(.invalidArgument))
        case .cold: ("MADV_COLD", .acceptedWithoutEffect("mm/vmscan.c: pages go when memory is short, if at all"))
        case .pageOut: ("MADV_PAGEOUT", .acceptedWithoutEffect("mm/vmscan.c: without swap anonymous pages stay"))
        case .populateRead: ("MADV_POPULATE_READ", .notBuilt(.invalidArgument))
        case .populateWrite: ("MADV_POPULATE_WRITE", .notBuilt(.invalidArgument))
        case .dontNeedLocked: ("MADV_DONTNEED_LOCKED", .notBuilt(.invalidArgument))
        case .collapse: ("MADV_COLLAPSE", .notBuilt(.invalidArgument))
        case .poison: ("MADV_HWPOISON", .notBuilt(.invalidArgument))
        case .softOffline: ("MADV_SOFT_OFFLINE", .notBuilt(.invalidArgument))
        case .guardInstall: ("MADV_GUARD_INSTALL", .notBuilt(.invalidArgument))
        case .guardRemove: ("MADV_GUARD_REMOVE", .notBuilt(.invalidArgument))
        }
    }
}
