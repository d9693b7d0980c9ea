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

    @inlinable @inline(__always)
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .normal: ("MADV_NORMAL", .acceptedWithoutEffect("mm/madvise.c: for reading ahead in files"))
        case .random: ("MADV_RANDOM", .acceptedWithoutEffect("mm/madvise.c: for reading ahead in files"))
        case .sequential: ("MADV_SEQUENTIAL", .acceptedWithoutEffect("mm/madvise.c: for reading ahead in files"))
        case .willNeed:
            ("MADV_WILLNEED", .acceptedWithoutEffect("mm/madvise.c, madvise_willneed: nothing is swapped out"))
        case .dontNeed: ("MADV_DONTNEED", .honoured)
        case .free: ("MADV_FREE", .honoured)
        case .remove: ("MADV_REMOVE", .honoured)
        case .dontFork: ("MADV_DONTFORK", .honoured)
        case .doFork: ("MADV_DOFORK", .honoured)
        case .mergeable: ("MADV_MERGEABLE", .acceptedWithoutEffect("mm/ksm.c: nothing merges until ksmd is started"))
        case .unmergeable:
            ("MADV_UNMERGEABLE", .acceptedWithoutEffect("mm/ksm.c: nothing merges until ksmd is started"))
        case .hugePage: ("MADV_HUGEPAGE", .acceptedWithoutEffect("mm/huge_memory.c: where no huge page is free"))
        case .noHugePage: ("MADV_NOHUGEPAGE", .acceptedWithoutEffect("mm/huge_memory.c: where no huge page is free"))
        case .dontDump: ("MADV_DONTDUMP", .acceptedWithoutEffect("mm/madvise.c: for core dumps, which nobody makes"))
        case .doDump: ("MADV_DODUMP", .acceptedWithoutEffect("mm/madvise.c: for core dumps, which nobody makes"))
        case .wipeOnFork: ("MADV_WIPEONFORK", .honoured)
        case .keepOnFork: ("MADV_KEEPONFORK", .honoured)
        case .cold: ("MADV_COLD", .acceptedWithoutEffect("mm/vmscan.c: pages go when memory is short, if at all"))
        case .pageOut: ("MADV_PAGEOUT", .acceptedWithoutEffect("mm/vmscan.c: without swap anonymous pages stay"))
        case .populateRead: ("MADV_POPULATE_READ", .honoured)
        case .populateWrite: ("MADV_POPULATE_WRITE", .honoured)
        case .dontNeedLocked: ("MADV_DONTNEED_LOCKED", .honoured)
        case .collapse:
            ("MADV_COLLAPSE", .refused(.invalidArgument, "mm/khugepaged.c, madvise_collapse: without huge pages"))
        case .poison:
            ("MADV_HWPOISON", .refused(.notPermitted, "mm/madvise.c, madvise_inject_error: without CAP_SYS_ADMIN"))
        case .softOffline:
            ("MADV_SOFT_OFFLINE", .refused(.notPermitted, "mm/madvise.c, madvise_inject_error: without CAP_SYS_ADMIN"))
        case .guardInstall: ("MADV_GUARD_INSTALL", .honoured)
        case .guardRemove: ("MADV_GUARD_REMOVE", .honoured)
        }
    }
}
