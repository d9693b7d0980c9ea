import MemoryModel

/// What Linux makes of a mapping that `madvise` or `mlock` is for: a table, a row for each advice, written from Linux 6.1
/// (mm/madvise.c, mm/mlock.c, mm/ksm.c) and, for what is younger, from 6.10 (mm/mseal.c) and 6.13 (guards).
struct Advice {
    /// What a mapping is to Linux.
    enum Kind: Hashable {
        /// `vma_is_anonymous`.
        case anonymous
        /// A private mapping of a file.
        case privateFile
        /// `VM_SHARED`: of a file, or of memory without one, which is a file to Linux.
        case shared
    }

    /// The flags that a mapping gets, and those that it loses.
    var sets = AttributeSet.none
    var clears = AttributeSet.none
    /// Its pages are as if nobody had touched them.
    var drops = false
    /// The mappings that it is for; any other is EINVAL, and ends it.
    var isFor: Set<Kind> = [.anonymous, .privateFile, .shared]
    /// The mappings that stay as they are.
    var ignores: Set<Kind> = []
    /// `VM_LOCKED` is EINVAL.
    var refusesLocked = false
    /// No `VM_MAYWRITE` is EINVAL.
    var needsMayWrite = false
    /// `is_madv_discard`: not for what is sealed, the program's own, and not to be written by it.
    var isRefusedBySeals = false
    /// The first hole ends it: ENOMEM either way.
    var endsAtHole = false
    /// What a lack of memory is called: madvise(2) says EAGAIN where flags would be changed.
    var shortage = MapError.tryAgain

    init(_ advice: Operation.Change) {
        switch advice {
        // apply_vma_lock_flags
        case .lock: lock(.locked)
        case .lockOnFault: lock(.locked | .lockedOnFault)
        case .unlock: lock(.none)
        // madvise_vma_behavior
        case .readNormally: clears = .sequentialRead | .randomRead
        case .readSequentially: (sets, clears) = (.sequentialRead, .randomRead)
        case .readRandomly: (sets, clears) = (.randomRead, .sequentialRead)
        case .dontFork: (sets, isRefusedBySeals) = (.dontFork, true)
        case .doFork: clears = .dontFork
        case .wipeOnFork: (sets, isFor, isRefusedBySeals) = (.wipeOnFork, [.anonymous], true)
        case .keepOnFork: clears = .wipeOnFork
        case .dontDump: sets = .dontDump
        case .doDump: clears = .dontDump
        // ksm_madvise
        case .mergeable: (sets, ignores) = (.mergeable, [.shared])
        case .unmergeable: clears = .mergeable
        // hugepage_madvise
        case .hugePage: (sets, clears) = (.hugePage, .noHugePage)
        case .noHugePage: (sets, clears) = (.noHugePage, .hugePage)
        // can_madv_lru_vma
        case .reclaim: refusesLocked = true
        // madvise_dontneed_free_valid_vma, madvise_free_single_vma
        case .discard: drop(sparingLocked: true)
        case .discardLocked: drop(sparingLocked: false)
        case .free:
            drop(sparingLocked: true)
            isFor = [.anonymous]
        // is_valid_guard_vma: what is locked keeps its content, and may lose its guards
        case .installGuards:
            drop(sparingLocked: true)
            (sets, isFor, needsMayWrite) = (.guardPage, [.anonymous], true)
        case .removeGuards:
            (clears, isFor, needsMayWrite, shortage) = (.guardPage, [.anonymous], true, .outOfMemory)
        }
    }

    /// `mlock` and its kin: the lock that there was goes.
    private mutating func lock(_ lock: AttributeSet) {
        (sets, clears) = (lock, .locked | .lockedOnFault)
        (endsAtHole, shortage) = (true, .outOfMemory)
    }

    /// What takes pages away.
    private mutating func drop(sparingLocked: Bool) {
        (drops, refusesLocked, isRefusedBySeals, shortage) = (true, sparingLocked, true, .outOfMemory)
    }
}

extension ModelSpace {
    /// What `mlock` and `madvise` do, page by page: what lies before the first page that refuses is changed, holes are
    /// told of at the end unless they end it.
    mutating func advise(_ advice: Advice, _ numbers: Range<UInt64>) throws(MapError) {
        let found = mapped(in: numbers).sorted()
        if advice.isRefusedBySeals {
            for number in found {
                guard let page = pages[number], page.kind == .anonymous, page.attributes.contains(.sealed) else { continue }
                guard page.attributes.contains(.write) else { throw .notPermitted }
            }
        }
        var next = numbers.lowerBound
        for number in found {
            if advice.endsAtHole && number > next { break }
            next = number + 1
            guard var page = pages[number] else { continue }
            guard advice.isFor.contains(page.kind), !(advice.refusesLocked && page.attributes.contains(.locked)),
                !advice.needsMayWrite || page.attributes.contains(.mayWrite)
            else { throw .invalidArgument }
            if advice.ignores.contains(page.kind) { continue }
            if advice.drops { page.own = nil }
            page.attributes = page.attributes.subtracting(advice.clears) | advice.sets
            pages[number] = page
        }
        if found.count < numbers.count { throw .outOfMemory }
    }

    /// `madvise(MADV_DONTNEED)` of a range as programs say it. Holes are told of at the end.
    mutating func discard(_ start: UInt64, _ length: UInt64) throws(MapError) {
        guard start % pageSize == 0, let numbers = Self.pageNumbers(start, length) else { throw .invalidArgument }
        try advise(Advice(.discard), numbers)
    }
}

extension ModelSpace.Page {
    var kind: Advice.Kind { attributes.contains(.shared) ? .shared : source == nil ? .anonymous : .privateFile }
}
