/// `mprotect` of any range of pages.
extension AddressSpace {
    /// Changes what a program may do with a range of pages.
    ///
    /// Which error wins, and how far the change got, follows Linux mm/mprotect.c (`do_mprotect_pkey`): alignment, then
    /// an empty range succeeds, then a range that wraps; what lies before the first hole, or before the first mapping
    /// that may not have the rights, is changed all the same.
    ///
    /// - Throws: ``MapError/invalidArgument``: `start` is not page-aligned. ``MapError/outOfMemory``: the range wraps
    ///   or has a hole, or there is no frame for a table or no attribute class, in which cases nothing was changed.
    ///   ``MapError/accessDenied``: a mapping may never have these rights.
    public mutating func protect(
        _ start: VirtualAddress, length: ByteCount, _ protection: Protection, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard start.isPageAligned else { throw .invalidArgument }
        guard length > .zero else { return }
        guard let range = VirtualRange(start, length: length) else { throw .outOfMemory }
        try protect(range, protection, frames: &frames)
    }

    /// Where the mapping begins that grows down and that `range` touches first (`PROT_GROWSDOWN`).
    ///
    /// - Throws: ``MapError/outOfMemory`` where nothing is mapped in the range; ``MapError/invalidArgument`` where what is
    ///   does not grow down.
    public func startOfGrowingMapping(in range: VirtualRange) throws(MapError) -> VirtualAddress {
        let region = layout.low.contains(range.start) ? layout.low : layout.high
        guard let area = range.intersection(region), let first = tables.firstMapped(in: area) else {
            throw .outOfMemory
        }
        let set = attributes[first.descriptor.attributeClass]
        guard set.contains(.growsDown) else { throw .invalidArgument }
        var start = first.address
        // By entries and not by pages: what grows down may be as large as the address space.
        while start > region.start {
            let below = start - Granule.size
            let place = tables.deepest(towards: below)
            let descriptor = tables.load(place.entry(for: below))
            guard !descriptor.isFree, attributes[descriptor.attributeClass] == set else { break }
            start = max(TableGeometry.start(of: below, at: place.level), region.start)
        }
        return start
    }

    /// Changes what a program may do with the pages of `range`, which is not empty.
    mutating func protect(
        _ range: VirtualRange, _ protection: Protection, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        if try protectPlain(range, protection, frames: frames) { return }
        try refuseSealed(in: range)
        guard let area = range.intersection(layout.low.contains(range.start) ? layout.low : layout.high),
            area.start == range.start
        else { throw .outOfMemory }
        var cursor = Cursor(tables, over: area)
        let (end, error) = try internClasses(for: protection, over: area, from: cursor)
        if range.start < end {
            if sharedTables == 0 && cursor.isAtLastLevel && end <= cursor.tableRange.end {
                cursor.shorten(to: end)
            } else {
                cursor = try self.cursor(over: VirtualRange(range.start, to: end), filling: false, frames: &frames)
            }
            apply(protection, from: cursor, frames: &frames)
        }
        if let error { throw error }
        if area.end < range.end { throw .outOfMemory }
    }

    /// Looks at what is mapped in `range` and gives a class to each attribute set that the change will need, so that
    /// the change itself cannot fail.
    /// - Returns: how far the change may go, and why not further.
    @inline(__always) private mutating func internClasses(
        for protection: Protection, over range: VirtualRange, from start: Cursor<M>
    ) throws(MapError) -> (VirtualAddress, MapError?) {
        var kept = ClassSet()
        var seen: AttributeClass?
        var cursor = start
        repeat {
            let first = cursor.position
            let descriptor = cursor.descriptor
            guard !descriptor.isFree else { return (first, .outOfMemory) }
            if cursor.isAtLastLevel { cursor.passAlike(descriptor) }
            guard descriptor.attributeClass != seen else { continue }
            seen = descriptor.attributeClass
            let set = attributes[descriptor.attributeClass]
            guard set.mayGrant(protection) else { return (first, .accessDenied) }
            kept.insert(try intern(set.replacing(protection), keeping: kept))
        } while cursor.advance()
        return (range.end, nil)
    }

    /// Gives every page from a cursor's position to its end its new class and rights. Every class it needs was interned,
    /// entries begin at both ends, and no table on the way is shared.
    @inline(__always) private mutating func apply(
        _ protection: Protection, from start: Cursor<M>, frames: inout FrameAllocator<M>
    ) {
        var cursor = start
        var batch = makeBatch()
        var seen: AttributeClass?
        var set = AttributeSet.none
        var attributes = AttributeClass(0)
        repeat {
            // Who owns what matters to a write alone. The tables above the last level always have one owner.
            let tableIsOwned = protection.contains(.write) && frames.isSoleOwner(cursor.place.table)
            var more = true
            while more {
                let old = cursor.descriptor
                if old.attributeClass != seen {
                    seen = old.attributeClass
                    set = self.attributes[old.attributeClass].replacing(protection)
                    guard let interned = self.attributes.intern(set) else {
                        preconditionFailure("a class interned before the change")
                    }
                    attributes = interned
                }
                if cursor.isAtLastLevel && set.isPrivateData && old.isPlain {
                    let (count, haveOtherRights) = changePlainPages(
                        from: cursor.entry, atMost: cursor.pagesLeftInTable, like: old, to: attributes, set,
                        tableIsOwned: tableIsOwned, frames: frames)
                    if haveOtherRights { batch.invalidate(cursor.position, count: count) }
                    more = cursor.moveWithinTable(over: count)
                    continue
                }
                if old.isReserved {
                    cursor.write(old.replacing(attributes), over: old)
                } else {
                    let soleOwner = tableIsOwned && frames.isSoleOwner(old.frame)
                    let rights = HardwareRights(of: set, soleOwner: soleOwner)
                    if set.contains(.shared) {
                        changeShared(old, to: rights, attributes, at: &cursor, into: &batch)
                    } else {
                        cursor.change(old, to: rights, attributes, into: &batch)
                    }
                }
                more = cursor.moveWithinTable()
            }
            cursor.settle()
        } while cursor.moveToNextTable()
        machine.orderTableWrites()
        batch.complete(frames: &frames)
    }

    /// Changes a run of pages like the first one, whose entries are plain: nobody else changes them, as is so with nearly
    /// all.
    /// - Returns: how many there were, and whether a TLB may know other rights of them.
    @inline(__always) func changePlainPages(
        from first: PhysicalAddress, atMost limit: UInt64, like: Descriptor, to attributes: AttributeClass,
        _ set: AttributeSet, tableIsOwned: Bool, frames: borrowing FrameAllocator<M>
    ) -> (count: UInt64, haveOtherRights: Bool) {
        let mask = like.plainMask
        let wanted = like.rawValue & mask
        let none = FrameNumber(0)
        let owned = Descriptor.page(none, class: attributes, rights: HardwareRights(of: set, soleOwner: true))
        let others = Descriptor.page(none, class: attributes, rights: HardwareRights(of: set, soleOwner: false))
        let reserved = Descriptor.reserved(attributes)
        var changes: UInt64 = 0
        var count: UInt64 = 0
        var entry = first
        while count < limit {
            let old = tables.load(entry)
            guard old.rawValue & mask == wanted else { break }
            if old.isValid {
                let isOwner = tableIsOwned && frames.isSoleOwner(old.frame)
                let new = (isOwner ? owned : others).replacing(old.frame)
                changes |= old.rawValue ^ new.rawValue
                machine.store(new.rawValue, at: entry)
            } else {
                machine.store(reserved.rawValue, at: entry)
            }
            count &+= 1
            entry = entry.nextEntry
        }
        return (count, changes & Descriptor.rightsMask != 0)
    }
}
