/// What `mlock`, `madvise` and `mseal` do to each page of a range, as data: who is refused, and what becomes of the rest.
///
/// Linux walks regions (mm/mlock.c, `apply_vma_lock_flags`; mm/madvise.c, `madvise_walk_vmas`): what lies before the
/// first page that refuses is changed all the same.
@frozen public struct RangeChange: Hashable, Sendable {
    /// Attributes that pages lose, and those that they get.
    public var removed: AttributeSet = .none
    public var added: AttributeSet = .none
    /// Pages give their frames back, and are as if they had never been touched.
    public var discards = false
    /// A page with one of these is `EINVAL`.
    public var refused: AttributeSet = .none
    /// A page without all of these is `EINVAL`.
    public var required: AttributeSet = .none
    /// Pages with one of these are passed over.
    public var spared: AttributeSet = .none
    /// A page of an object is an error: the one in ``objectRefusal``.
    public var requiresAnonymous = false
    /// What a page of an object is called where anonymous ones are required.
    public var objectRefusal = MapError.invalidArgument
    /// The first hole ends it. Otherwise holes are passed over and told of at the end.
    public var stopsAtHoles = false
    /// Content would be lost, now or in a child: refused where a seal protects it (`mseal`).
    public var losesContent = false
    /// What a lack of frames is called.
    public var shortage = MapError.tryAgain

    @inlinable public init(removed: AttributeSet = .none, added: AttributeSet = .none) {
        self.removed = removed
        self.added = added
    }
}

extension RangeChange {
    // MARK: mlock (mm/mlock.c)

    private static func locking(_ added: AttributeSet) -> RangeChange {
        var change = RangeChange(removed: .locked | .lockedOnFault, added: added)
        change.stopsAtHoles = true
        change.shortage = .outOfMemory
        return change
    }

    public static var lock: RangeChange { locking(.locked) }
    /// `MLOCK_ONFAULT`. As on Linux, such pages are locked too.
    public static var lockOnFault: RangeChange { locking(.locked | .lockedOnFault) }
    public static var unlock: RangeChange { locking(.none) }

    // MARK: madvise (mm/madvise.c)

    /// `MADV_DONTNEED_LOCKED`.
    public static var discardLocked: RangeChange {
        var change = RangeChange()
        change.discards = true
        change.losesContent = true
        change.shortage = .outOfMemory
        return change
    }

    /// `MADV_DONTNEED`.
    public static var discard: RangeChange {
        var change = discardLocked
        change.refused = .locked
        return change
    }

    /// `MADV_FREE`. Linux may keep the content until memory is short; here it goes at once.
    public static var free: RangeChange {
        var change = discard
        change.refused = .locked | .shared
        change.requiresAnonymous = true
        return change
    }

    /// `MADV_COLD` and `MADV_PAGEOUT`: nothing is swapped out.
    public static var reclaim: RangeChange {
        var change = RangeChange()
        change.refused = .locked
        return change
    }

    public static var dontFork: RangeChange {
        var change = RangeChange(added: .dontFork)
        change.losesContent = true
        return change
    }
    public static var doFork: RangeChange { RangeChange(removed: .dontFork) }

    public static var wipeOnFork: RangeChange {
        var change = RangeChange(added: .wipeOnFork)
        change.refused = .shared
        change.requiresAnonymous = true
        change.losesContent = true
        return change
    }
    public static var keepOnFork: RangeChange { RangeChange(removed: .wipeOnFork) }

    public static var dontDump: RangeChange { RangeChange(added: .dontDump) }
    public static var doDump: RangeChange { RangeChange(removed: .dontDump) }

    public static var readNormally: RangeChange { RangeChange(removed: .sequentialRead | .randomRead) }
    public static var readSequentially: RangeChange { RangeChange(removed: .randomRead, added: .sequentialRead) }
    public static var readRandomly: RangeChange { RangeChange(removed: .sequentialRead, added: .randomRead) }

    public static var hugePage: RangeChange { RangeChange(removed: .noHugePage, added: .hugePage) }
    public static var noHugePage: RangeChange { RangeChange(removed: .hugePage, added: .noHugePage) }

    /// `MADV_MERGEABLE`: ignored for shared memory (mm/ksm.c, `ksm_madvise`).
    public static var mergeable: RangeChange {
        var change = RangeChange(added: .mergeable)
        change.spared = .shared
        return change
    }
    public static var unmergeable: RangeChange { RangeChange(removed: .mergeable) }

    // MARK: Names (mm/madvise.c, madvise_vma_anon_name)

    /// `PR_SET_VMA_ANON_NAME`: no name where there is no place of one. What has a file, shared memory too, is `EBADF`.
    static func naming(_ place: NamePlace?) -> RangeChange {
        var change = RangeChange(removed: .nameMask, added: place.map { AttributeSet(name: $0) } ?? .none)
        change.requiresAnonymous = true
        change.objectRefusal = .badFile
        return change
    }

    // MARK: Guards (mm/madvise.c of Linux 6.13), whose lack of a table is ENOMEM: madvise_vma_behavior returns it as it is.

    /// `MADV_GUARD_INSTALL`: the content goes, and any access faults.
    public static var installGuards: RangeChange {
        var change = RangeChange(added: .guardPage)
        change.discards = true
        change.refused = .locked | .shared
        change.required = .mayWrite
        change.requiresAnonymous = true
        change.losesContent = true
        change.shortage = .outOfMemory
        return change
    }

    /// `MADV_GUARD_REMOVE`: what was a guard reads as zeroes; other pages stay as they are.
    public static var removeGuards: RangeChange {
        var change = RangeChange(removed: .guardPage)
        change.refused = .shared
        change.required = .mayWrite
        change.requiresAnonymous = true
        change.shortage = .outOfMemory
        return change
    }
}

extension RangeChange {
    /// Whether a page with the attributes `set` refuses.
    func isRefused(by set: AttributeSet) -> Bool {
        !refused.isDisjoint(with: set) || !set.contains(required)
    }

    /// The attributes of a page afterwards.
    func changed(_ set: AttributeSet) -> AttributeSet {
        spared.isDisjoint(with: set) ? set.subtracting(removed) | added : set
    }

    /// Whether a seal forbids it: content that the program can't write must stay (Documentation/userspace-api/mseal.rst).
    func isForbidden(bySealOf set: AttributeSet, isAnonymous: Bool) -> Bool {
        losesContent && isAnonymous && !set.contains(.shared) && !set.contains(.write)
    }
}
