/// `mlockall`, and how much is locked. `mlock` itself is a ``RangeChange``. What is locked is spared where clean pages of
/// files are given up (``giveUpCleanPages(sparingUsed:frames:)``); nothing else is ever taken away from a program.
extension AddressSpace {
    /// Gives everything that is mapped another lock (`mlockall` with `MCL_CURRENT`, `munlockall`).
    /// - Throws: ``MapError/outOfMemory``, with nothing changed.
    public mutating func lockEverything(
        _ lock: RangeChange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var change = lock
        change.stopsAtHoles = false
        change.shortage = .tryAgain
        do throws(MapError) {
            try apply(change, over: VirtualRange(layout.low.start, to: layout.high.end), frames: &frames)
        } catch {
            // That there are holes is no error here.
            if error == .tryAgain { throw .outOfMemory }
        }
    }

    /// Says with which lock pages are mapped from now on (`mlockall` with `MCL_FUTURE`).
    public mutating func setFutureLock(_ lock: RangeChange) { futureLock = lock.added }

    /// Whether what is mapped from now on gets its frames at once.
    public var populatesMappings: Bool { futureLock.contains(.locked) && !futureLock.contains(.lockedOnFault) }

    /// Pages that are locked, touched or not: `VmLck` of `/proc/PID/status`. At the cost of a look at each entry, where
    /// anything is locked at all.
    public var lockedPages: UInt64 { lockedPages(in: layout.low) + lockedPages(in: layout.high) }

    private func lockedPages(in range: VirtualRange) -> UInt64 {
        guard attributes.classes(having: .locked) != nil else { return 0 }
        return countPages(in: range) { $0.contains(.locked) }
    }

    /// Whether the whole pages of `length` more may be locked (Linux mm/mmap.c, `mlock_future_check`).
    public func mayLock(_ length: ByteCount) -> Bool {
        let pages = length.wholePages
        if pages <= lockLimit, statistics.mappedPages <= lockLimit - pages { return true }
        return pages <= lockLimit && lockedPages <= lockLimit - pages
    }

    /// Whether all of `range` may be locked; what is so already does not count twice (Linux mm/mlock.c, `do_mlock`).
    public func mayLock(all range: VirtualRange) -> Bool {
        mayLock(range.length) || mayLock(range.length - .pages(lockedPages(in: range)))
    }

    /// Whether what is mapped from now on is locked.
    public var locksMappings: Bool { !futureLock.isEmpty }

    /// Whether any page of `range` has one of `attributes`.
    public func contains(_ attributes: AttributeSet, in range: VirtualRange) -> Bool {
        guard self.attributes.classes(having: attributes) != nil else { return false }
        return countPages(in: range) { !$0.isDisjoint(with: attributes) } > 0
    }
}
