/// `mlockall`, and how much is locked. `mlock` itself is a ``RangeChange``; nothing ever takes a page away from a
/// program, so that a lock is kept by nobody but those who ask about it (Linux mm/mlock.c).
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
    public var lockedPages: UInt64 {
        guard let locked = attributes.classes(having: .locked) else { return 0 }
        return countPages(of: locked, in: layout.low) + countPages(of: locked, in: layout.high)
    }

    /// Whether `pages` more may be locked (Linux mm/mmap.c, `mlock_future_check`).
    public func mayLock(_ pages: UInt64) -> Bool {
        if pages <= lockLimit, statistics.mappedPages <= lockLimit - pages { return true }
        return pages <= lockLimit && lockedPages <= lockLimit - pages
    }

    /// Whether all of `range` may be locked; what is so already does not count twice (Linux mm/mlock.c, `do_mlock`).
    public func mayLock(all range: VirtualRange) -> Bool {
        guard !mayLock(range.pageCount), let locked = attributes.classes(having: .locked) else {
            return mayLock(range.pageCount)
        }
        var already: UInt64 = 0
        if let low = range.intersection(layout.low) { already += countPages(of: locked, in: low) }
        if let high = range.intersection(layout.high) { already += countPages(of: locked, in: high) }
        return lockedPages - already + range.pageCount <= lockLimit
    }

    /// Whether what is mapped from now on is locked.
    public var locksMappings: Bool { !futureLock.isEmpty }

    private func countPages(of classes: ClassSet, in range: VirtualRange) -> UInt64 {
        var pages: UInt64 = 0
        var cursor = Cursor(tables, over: range)
        repeat {
            let descriptor = cursor.descriptor
            guard !descriptor.isFree, classes.contains(descriptor.attributeClass) else { continue }
            pages += TableGeometry.span(at: cursor.place.level).wholePages
        } while cursor.advance()
        return pages
    }

    /// Whether any page of `range` has one of `attributes`.
    public func contains(_ attributes: AttributeSet, in range: VirtualRange) -> Bool {
        guard let classes = self.attributes.classes(having: attributes) else { return false }
        if let low = range.intersection(layout.low), countPages(of: classes, in: low) > 0 { return true }
        guard let high = range.intersection(layout.high) else { return false }
        return countPages(of: classes, in: high) > 0
    }
}
