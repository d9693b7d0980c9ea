/// `munmap` of any range of pages.
extension AddressSpace {
    /// Unmaps what is mapped in a range: parts of mappings, several of them, and holes between.
    ///
    /// - Throws: ``MapError/invalidArgument`` where the range is empty, not page-aligned at its start, or beyond the
    ///   address space; ``MapError/outOfMemory`` where a large reservation must be split and there is no frame for the
    ///   table: then nothing was unmapped.
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
    /// - Throws: ``MapError/outOfMemory``, with nothing unmapped.
    mutating func unmap(_ range: VirtualRange, frames: inout FrameAllocator<M>) throws(MapError) {
        let low = range.intersection(layout.low)
        let high = range.intersection(layout.high)
        guard let first = low ?? high, let last = high ?? low else { return }
        try makeBoundaries(from: first.start, to: last.end, filling: false, frames: &frames)
        if let low { removeAll(in: low, frames: &frames) }
        if let high { removeAll(in: high, frames: &frames) }
    }

    /// Frees every entry of `range`, at whose bounds entries begin.
    private mutating func removeAll(in range: VirtualRange, frames: inout FrameAllocator<M>) {
        fallBackNextFit(over: range, frames: &frames)
        var batch = makeBatch()
        var cursor = Cursor(tables, over: range)
        repeat {
            repeat {
                let old = cursor.descriptor
                if old.isResident {
                    remove(old, replacingWith: .free, at: &cursor, into: &batch, frames: &frames)
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
