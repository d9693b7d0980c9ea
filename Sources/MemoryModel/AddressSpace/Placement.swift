/// Finding room: a next-fit pointer, and a search that the tables' records bound.
extension AddressSpace {
    /// Free addresses for `length` bytes: upward from the next-fit pointer below the kernel, then from the start of the
    /// mmap region, then the same above the kernel.
    func findRoom(for length: ByteCount) -> VirtualRange? {
        findRoom(for: length, in: layout.lowMapRegion, from: nextFitLow)
            ?? findRoom(for: length, in: layout.high, from: nextFitHigh)
    }

    @inline(__always) private func findRoom(
        for length: ByteCount, in region: VirtualRange, from pointer: VirtualAddress
    ) -> VirtualRange? {
        guard length <= region.length else { return nil }
        if pointer < region.end {
            let above = VirtualRange(max(pointer, region.start), to: region.end)
            if let start = firstGap(of: length, in: above) { return VirtualRange(start, to: start + length) }
        }
        guard pointer > region.start, let start = firstGap(of: length, in: region) else { return nil }
        return VirtualRange(start, to: start + length)
    }

    /// The lowest address of `region` from which on `length` bytes are free.
    private func firstGap(of length: ByteCount, in region: VirtualRange) -> VirtualAddress? {
        guard !region.isEmpty, length <= region.length else { return nil }
        var cursor = Cursor(tables, over: region)
        var start = region.start
        repeat {
            if cursor.isAtLastLevel {
                let tableEnd = min(cursor.tableRange.end, region.end)
                let longest = ByteCount.pages(
                    UInt64(truncatingIfNeeded: records.tableRecord(of: cursor.place.table).longestFreeRun))
                if cursor.position - start + longest >= length {
                    if let found = firstGap(of: length, from: &start, with: &cursor, until: tableEnd) { return found }
                } else {
                    let tail = startOfTail(
                        before: tableEnd, longest: longest, in: cursor.place, from: cursor.position)
                    // A table without a used entry continues the run that began before it.
                    if tail > cursor.position || tail == tableEnd { start = tail }
                }
                guard cursor.move(to: tableEnd) else { return nil }
            } else {
                let end = min(cursor.entryEnd, region.end)
                if !cursor.descriptor.isFree {
                    start = end
                } else if end - start >= length {
                    return start
                }
                guard cursor.advance() else { return nil }
            }
        } while true
    }

    /// Looks at each entry of a last-level table, and notes its longest free run if it has seen them all.
    @inline(__always) private func firstGap(
        of length: ByteCount, from start: inout VirtualAddress, with cursor: inout Cursor<M>, until end: VirtualAddress
    ) -> VirtualAddress? {
        let wholeTable = cursor.tableRange.start == cursor.position && cursor.tableRange.end == end
        let table = cursor.place.table
        var longest = ByteCount.zero
        var runStart = cursor.position
        var more = true
        while more {
            let next = cursor.position + Granule.size
            if cursor.descriptor.isFree {
                if next - start >= length { return start }
                longest = max(longest, next - runStart)
            } else {
                start = next
                runStart = next
            }
            more = cursor.moveWithinTable()
        }
        if wholeTable {
            var record = records.tableRecord(of: table)
            record.longestFreeRun = Int(longest.wholePages)
            records.setTableRecord(record, of: table)
        }
        return nil
    }

    /// Where the free entries at the end of a last-level table begin.
    private func startOfTail(
        before end: VirtualAddress, longest: ByteCount, in place: TablePosition, from first: VirtualAddress
    ) -> VirtualAddress {
        var start = end
        while start > first, end - start < longest {
            let below = start - Granule.size
            guard tables.load(place.entry(for: below)).isFree else { break }
            start = below
        }
        return start
    }

    /// Whether nothing is mapped in `range`.
    func isFree(_ range: VirtualRange) -> Bool {
        guard !range.isEmpty else { return true }
        var cursor = Cursor(tables, over: range)
        repeat {
            guard cursor.descriptor.isFree else { return false }
        } while cursor.advance()
        return true
    }

    /// Whether a hint may be followed: its range is free, and so is the guard gap below a mapping that grows down
    /// (Linux mm/mmap.c: `vm_start_gap`).
    func isUsable(hint range: VirtualRange) -> Bool {
        guard layout.contains(range), isFree(range) else { return false }
        let region = layout.low.contains(range) ? layout.low : layout.high
        let gapEnd = region.end - range.end < layout.stackGuardGap ? region.end : range.end + layout.stackGuardGap
        guard range.end < gapEnd else { return true }
        guard let above = firstMapped(in: VirtualRange(range.end, to: gapEnd)) else { return true }
        return !attributes[above.descriptor.attributeClass].contains(.growsDown)
    }

    /// The first entry of `range` that is not free, and the first address of the range that it stands for.
    func firstMapped(in range: VirtualRange) -> (address: VirtualAddress, descriptor: Descriptor)? {
        var cursor = Cursor(tables, over: range)
        repeat {
            let descriptor = cursor.descriptor
            if !descriptor.isFree { return (cursor.position, descriptor) }
        } while cursor.advance()
        return nil
    }

    // MARK: The next-fit pointer

    /// Whether an empty table on the path of `address` is kept because the next mapping will go there.
    @inline(__always) func isWarm(_ address: VirtualAddress) -> Bool {
        TableGeometry.start(of: address, at: Granule.lastLevel - 1)
            == TableGeometry.start(of: address.rawValue < layout.high.start.rawValue ? nextFitLow : nextFitHigh,
                at: Granule.lastLevel - 1)
    }

    /// Notes that `range`, found by search, was mapped.
    mutating func moveNextFit(beyond range: VirtualRange, frames: inout FrameAllocator<M>) {
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
    mutating func fallBackNextFit(over range: VirtualRange, frames: inout FrameAllocator<M>) {
        if range.start < nextFitLow && nextFitLow <= range.end && nextFitLow > layout.mapBase {
            let old = nextFitLow
            nextFitLow = max(range.start, layout.mapBase)
            leaveWarmTable(at: old, frames: &frames)
        } else if range.start < nextFitHigh && nextFitHigh <= range.end && nextFitHigh > layout.high.start {
            let old = nextFitHigh
            nextFitHigh = max(range.start, layout.high.start)
            leaveWarmTable(at: old, frames: &frames)
        }
    }

    /// Gives back the table that was kept for the pointer, if it is empty and the pointer has gone elsewhere.
    @inline(__always) private func leaveWarmTable(at old: VirtualAddress, frames: inout FrameAllocator<M>) {
        guard old < AddressSpaceLayout.addressLimit, !isWarm(old) else { return }
        var batch = makeBatch()
        tables.removeEmptyTables(towards: old, into: &batch)
        batch.complete(frames: &frames)
    }
}
