/// Finding room: a next-fit pointer, and a search that the tables' records bound.
extension AddressSpace {
    /// Free addresses for `length` bytes: upward from the next-fit pointer below the kernel, then from the start of the
    /// mmap region, then the same above the kernel.
    @inline(__always) func findRoom(for length: ByteCount) -> VirtualRange? {
        findRoom(for: length, in: mapRegion, from: nextFitLow)
            ?? findRoom(for: length, in: layout.high, from: nextFitHigh)
    }

    @inline(__always) private func findRoom(
        for length: ByteCount, in region: VirtualRange, from pointer: VirtualAddress
    ) -> VirtualRange? {
        guard length <= region.length else { return nil }
        if pointer < region.end {
            let above = VirtualRange(max(pointer, region.start), to: region.end)
            if let start = tables.firstGap(of: length, in: above) { return VirtualRange(start, to: start + length) }
        }
        guard pointer > region.start, let start = tables.firstGap(of: length, in: region) else { return nil }
        return VirtualRange(start, to: start + length)
    }

    /// Whether a hint may be followed: its range is free, and so is the guard gap below a mapping that grows down
    /// (Linux mm/mmap.c: `vm_start_gap`).
    @inline(__always) func isUsable(hint range: VirtualRange) -> Bool {
        guard layout.contains(range), tables.isFree(range) else { return false }
        let region = layout.low.contains(range) ? layout.low : layout.high
        let gapEnd = region.end - range.end < layout.stackGuardGap ? region.end : range.end + layout.stackGuardGap
        guard range.end < gapEnd else { return true }
        guard let above = tables.firstMapped(in: VirtualRange(range.end, to: gapEnd)) else { return true }
        return !attributes[above.descriptor.attributeClass].contains(.growsDown)
    }

    // MARK: The next-fit pointer

    /// Maps anonymous memory at the next-fit pointer below the kernel, where it fits into a last-level table that is
    /// there and nobody's but this address space's: what most calls come to, and what a search would lead to.
    /// - Returns: its first address, or nil where it is not so simple, with nothing changed.
    @inline(__always) mutating func mapAtNextFit(
        _ length: ByteCount, as attributes: AttributeClass
    ) -> VirtualAddress? {
        let start = nextFitLow
        let first = TableGeometry.index(of: start, at: Granule.lastLevel)
        let room = ByteCount.pages(UInt64(truncatingIfNeeded: Granule.entriesPerTable &- first))
        guard length <= room, start + length <= mapRegion.end, let table = tables.lastTable(towards: start),
            !table.isSharedTable
        else { return nil }
        let pages = Int(truncatingIfNeeded: length.wholePages)
        var index = first
        while index < first &+ pages {
            guard tables.load(TableGeometry.entry(index, of: table.frame)).isFree else { return nil }
            index &+= 1
        }
        let reserved = Descriptor.reserved(attributes)
        while index > first {
            index &-= 1
            machine.store(reserved.rawValue, at: TableGeometry.entry(index, of: table.frame))
        }
        var record = records.tableRecord(of: table.frame)
        record.add(entries: pages, resident: 0)
        records.setTableRecord(record, of: table.frame)
        nextFitLow = start + length
        return start
    }

    /// Frees a range in a last-level table that is nobody's but this address space's, where none of its pages was
    /// touched: nothing is to be given back or invalidated.
    /// - Returns: false where it is not so simple, with nothing changed.
    @inline(__always) mutating func freeUntouched(_ range: VirtualRange) -> Bool {
        let first = TableGeometry.index(of: range.start, at: Granule.lastLevel)
        let pages = range.pageCount
        // A range that ends with its table may take the pointer out of the next one.
        guard UInt64(truncatingIfNeeded: first) &+ pages < UInt64(Granule.entriesPerTable),
            let table = tables.lastTable(towards: range.start), !table.isSharedTable
        else { return false }
        let end = first &+ Int(truncatingIfNeeded: pages)
        var used = 0
        var index = first
        while index < end {
            let old = tables.load(TableGeometry.entry(index, of: table.frame))
            guard !old.holdsReferences else { return false }
            used &+= old.isFree ? 0 : 1
            index &+= 1
        }
        var record = records.tableRecord(of: table.frame)
        if range.start < nextFitLow && nextFitLow <= range.end {
            nextFitLow = max(range.start, layout.mapBase)
        } else if record.entriesInUse == used && !isWarm(range.start) {
            return false
        }
        while index > first {
            index &-= 1
            machine.store(Descriptor.free.rawValue, at: TableGeometry.entry(index, of: table.frame))
        }
        record.add(entries: -used, resident: 0)
        records.setTableRecord(record, of: table.frame)
        return true
    }

    /// Whether an empty table on the path of `address` is kept because the next mapping will go there.
    @inline(__always) func isWarm(_ address: VirtualAddress) -> Bool {
        TableGeometry.start(of: address, at: Granule.lastLevel - 1)
            == TableGeometry.start(
                of: address.rawValue < layout.high.start.rawValue ? nextFitLow : nextFitHigh,
                at: Granule.lastLevel - 1)
    }

    /// Notes that `range`, found by search, was mapped.
    @inline(__always) mutating func moveNextFit(beyond range: VirtualRange, frames: inout FrameAllocator<M>) {
        if range.start < layout.high.start {
            let old = nextFitLow
            nextFitLow = range.end
            leaveWarmTable(at: old, frames: &frames)
        } else {
            let old = nextFitHigh
            nextFitHigh = range.end
            leaveWarmTable(at: old, frames: &frames)
        }
    }

    /// Notes that nothing is mapped in `range` any more: the pointer falls back to its start where it touched it.
    /// - Returns: whether that gave tables back.
    @inline(__always) mutating func fallBackNextFit(
        over range: VirtualRange, frames: inout FrameAllocator<M>
    ) -> Bool {
        let old: VirtualAddress
        if range.start < nextFitLow && nextFitLow <= range.end {
            old = nextFitLow
            nextFitLow = max(range.start, layout.mapBase)
        } else if range.start < nextFitHigh && nextFitHigh <= range.end {
            old = nextFitHigh
            nextFitHigh = range.start
        } else {
            return false
        }
        return leaveWarmTable(at: old, frames: &frames)
    }

    /// Gives back the table that was kept for the pointer, if it is empty and the pointer has gone elsewhere.
    /// - Returns: whether it did.
    @inline(__always) @discardableResult private mutating func leaveWarmTable(
        at old: VirtualAddress, frames: inout FrameAllocator<M>
    ) -> Bool {
        guard !isWarm(old) else { return false }
        return giveBackWarmTable(at: old, frames: &frames)
    }

    @inline(never) private mutating func giveBackWarmTable(
        at old: VirtualAddress, frames: inout FrameAllocator<M>
    ) -> Bool {
        guard old < AddressSpaceLayout.addressLimit else { return false }
        var batch = makeBatch()
        let removed = tables.removeEmptyTables(towards: old, into: &batch)
        batch.complete(frames: &frames)
        return removed
    }
}
