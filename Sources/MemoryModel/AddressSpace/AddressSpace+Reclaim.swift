/// What an address space does for a machine that runs short of frames.
extension AddressSpace {
    /// Takes clean pages of objects out of the entries, so that ``ObjectTable/reclaim(_:frames:)`` finds them unmapped:
    /// their content can be had again. A page that was used since the last time is spared once, as a clock does.
    ///
    /// There is no way from a frame to the entries that name it; whoever wants its mappings gone walks the tables that
    /// name objects.
    ///
    /// - Parameter sparingUsed: whether a page with its access flag set stays; the flag is cleared then.
    /// - Returns: how many entries gave up their page.
    public mutating func giveUpCleanPages(sparingUsed: Bool, frames: inout FrameAllocator<M>) -> UInt64 {
        var batch = InvalidationBatch(machine: machine, records: records, kernel: kernel, asid: asid, isForAll: true)
        var count: UInt64 = 0
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            guard visit.position.level == Granule.lastLevel,
                records.tableRecord(of: visit.position.table).namesObjects
            else { continue }
            var cursor = Cursor(tables, over: TableGeometry.tableRange(of: visit.start, at: Granule.lastLevel))
            repeat {
                let old = cursor.descriptor
                guard isClean(old) else { continue }
                if sparingUsed && old.isAccessed {
                    _ = cursor.compareExchange(old, with: old.clearingAccessed)
                } else {
                    cursor.discard(old, into: &batch, frames: &frames)
                    count += 1
                }
            } while cursor.moveWithinTable()
            cursor.settle()
        }
        batch.complete(frames: &frames)
        return count
    }

    /// Whether an entry's page is an object's own, is not locked, and is as the object has it in its backing.
    private func isClean(_ descriptor: Descriptor) -> Bool {
        guard descriptor.isValid, !descriptor.userRights.contains(.write),
            records.record(of: descriptor.frame).kind == .cachedFilePage, records.isRecoverable(descriptor.frame)
        else { return false }
        return !attributes[descriptor.attributeClass].contains(.locked)
    }

    /// Unmaps everything, what is sealed too: of a program that will not run again, before its address space can be
    /// destroyed. Needs no frame.
    public mutating func unmapAll(frames: inout FrameAllocator<M>) {
        // Whole tables, so that none that is shared must be copied for what lies beside the region: that is nobody's.
        let end = TableGeometry.tableRange(of: layout.low.end - .pages(1), at: Granule.lastLevel).end
        try? removeAll(in: VirtualRange(VirtualAddress(0), to: end), frames: &frames)
        try? removeAll(in: layout.high, frames: &frames)
        programBreak = heapStart
    }
}
