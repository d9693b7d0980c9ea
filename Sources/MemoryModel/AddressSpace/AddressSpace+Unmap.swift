/// `munmap` of any range of pages.
extension AddressSpace {
    /// Unmaps what is mapped in a range: parts of mappings, several of them, and holes between.
    ///
    /// - Throws: ``MapError/invalidArgument`` where the range is empty, not page-aligned at its start, or beyond the
    ///   address space; ``MapError/outOfMemory`` where a large reservation must be split and there is no frame for the
    ///   table, ``MapError/notPermitted`` where a page is sealed: then nothing was unmapped.
    public mutating func unmap(
        _ start: VirtualAddress, length: ByteCount, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard start.isPageAligned, start <= AddressSpaceLayout.addressLimit,
            length <= AddressSpaceLayout.addressLimit - start, let range = VirtualRange(start, length: length),
            !range.isEmpty
        else { throw .invalidArgument }
        try unmap(range, frames: &frames)
    }

    /// Unmaps what is mapped in `range`.
    /// - Throws: ``MapError/outOfMemory`` or ``MapError/notPermitted``, with nothing unmapped.
    mutating func unmap(_ range: VirtualRange, frames: inout FrameAllocator<M>) throws(MapError) {
        if unmapPlain(range, frames: &frames) { return }
        try refuseSealed(in: range)
        try prepareBothSides(of: range, discarding: true, frames: &frames)
        if let low = range.intersection(layout.low) { try removeAll(in: low, frames: &frames) }
        if let high = range.intersection(layout.high) { try removeAll(in: high, frames: &frames) }
    }

    /// Prepares a range that reaches beyond the kernel: what must be split or unshared on either side is, before the
    /// first change.
    /// - Parameter discarding: whether everything in the range is to go.
    /// - Throws: ``MapError/outOfMemory``, with every page as it was.
    mutating func prepareBothSides(
        of range: VirtualRange, discarding: Bool, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard let low = range.intersection(layout.low), let high = range.intersection(layout.high) else { return }
        let both = VirtualRange(low.start, to: high.end)
        if sharedTables > 0 { try prepareShared(both, filling: false, discarding: discarding, frames: &frames) }
        try tables.makeBoundaries(of: both, filling: false, frames: &frames)
    }

    /// Frees every entry of `range`, which lies on one side of the kernel.
    /// - Throws: ``MapError/outOfMemory``, with nothing freed: where a table that is shared, or a block that is reserved,
    ///   reaches beyond the range.
    @inline(never) mutating func removeAll(
        in range: VirtualRange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var cursor = try cursor(over: range, filling: false, discarding: true, frames: &frames)
        if fallBackNextFit(over: range, frames: &frames) { cursor = Cursor(tables, over: range) }
        var batch = makeBatch()
        repeat {
            repeat {
                let old = cursor.descriptor
                if old.holdsReferences {
                    cursor.remove(old, replacingWith: .free, into: &batch, frames: &frames)
                } else if !old.isFree {
                    cursor.write(.free, over: old)
                }
            } while cursor.moveWithinTable()
            if cursor.settle() && !(cursor.isAtLastLevel && isWarm(cursor.position)) {
                tables.removeEmptyTables(towards: cursor.position, into: &batch)
            }
        } while cursor.moveToNextTable()
        batch.complete(frames: &frames)
    }
}
