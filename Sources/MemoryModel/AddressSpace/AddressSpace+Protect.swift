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

    /// Changes what a program may do with the pages of `range`, which is not empty.
    mutating func protect(
        _ range: VirtualRange, _ protection: Protection, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard let area = range.intersection(layout.low.contains(range.start) ? layout.low : layout.high),
            area.start == range.start
        else { throw .outOfMemory }
        let (end, error) = try internClasses(for: protection, over: area)
        if range.start < end {
            try apply(protection, to: VirtualRange(range.start, to: end), frames: &frames)
        }
        if let error { throw error }
        if area.end < range.end { throw .outOfMemory }
    }

    /// Looks at what is mapped in `range` and gives a class to each attribute set that the change will need, so that
    /// the change itself cannot fail.
    /// - Returns: how far the change may go, and why not further.
    @inline(__always) private mutating func internClasses(
        for protection: Protection, over range: VirtualRange
    ) throws(MapError) -> (VirtualAddress, MapError?) {
        var kept = ClassSet()
        var seen: AttributeClass?
        var cursor = Cursor(tables, over: range)
        repeat {
            let descriptor = cursor.descriptor
            guard !descriptor.isFree else { return (cursor.position, .outOfMemory) }
            guard descriptor.attributeClass != seen else { continue }
            seen = descriptor.attributeClass
            let set = attributes[descriptor.attributeClass]
            guard set.mayGrant(protection) else { return (cursor.position, .accessDenied) }
            kept.insert(try intern(set.replacing(protection), keeping: kept))
        } while cursor.advance()
        return (range.end, nil)
    }

    /// Gives every page of `range` its new class and rights. Every class it needs was interned.
    /// - Throws: ``MapError/outOfMemory``, with nothing changed.
    @inline(__always) private mutating func apply(
        _ protection: Protection, to range: VirtualRange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var cursor = try cursor(over: range, filling: false, frames: &frames)
        var batch = makeBatch()
        var seen: AttributeClass?
        var set = AttributeSet.none
        var attributes = AttributeClass(0)
        repeat {
            // Who owns what matters to a write alone.
            let pathIsExclusive = protection.contains(.write) && tables.pathIsExclusive(to: cursor.position)
            repeat {
                let old = cursor.descriptor
                if old.attributeClass != seen {
                    seen = old.attributeClass
                    set = self.attributes[old.attributeClass].replacing(protection)
                    guard let interned = self.attributes.intern(set) else {
                        preconditionFailure("a class interned before the change")
                    }
                    attributes = interned
                }
                if old.isReserved {
                    cursor.write(old.replacing(attributes), over: old)
                } else {
                    let soleOwner = pathIsExclusive && frames.isSoleOwner(old.frame)
                    let rights = HardwareRights(of: set, soleOwner: soleOwner)
                    if set.contains(.shared) {
                        changeShared(old, to: rights, attributes, at: &cursor, into: &batch)
                    } else {
                        cursor.change(old, to: rights, attributes, into: &batch)
                    }
                }
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
        machine.orderTableWrites()
        batch.complete(frames: &frames)
    }
}
