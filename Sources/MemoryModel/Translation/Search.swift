/// Looking for what is free and what is mapped, without changing an entry.
extension TranslationTables {
    /// How many adjacent entries of one table, from `entry` on, say in the bits of `mask` what `descriptor` says, as the
    /// first one does.
    /// - Parameter limit: the entries to look at, at least one.
    @inline(__always) func run(
        from entry: PhysicalAddress, atMost limit: UInt64, saying descriptor: Descriptor, in mask: UInt64
    ) -> UInt64 {
        let wanted = descriptor.rawValue
        var next = entry.nextEntry
        let end = entry.entry(behind: limit)
        // Eight at a time, with one test.
        while next.entry(behind: 8) <= end {
            let first = differences(of: next, wanted) | differences(of: next.entry(behind: 2), wanted)
            let second = differences(of: next.entry(behind: 4), wanted) | differences(of: next.entry(behind: 6), wanted)
            guard (first | second) & mask == 0 else { break }
            next = next.entry(behind: 8)
        }
        while next < end, (load(next).rawValue ^ wanted) & mask == 0 { next = next.nextEntry }
        return (next.rawValue &- entry.rawValue) / TableGeometry.entrySize.rawValue
    }

    /// The bits in which the entry at `entry` or the next one is not `wanted`.
    @inline(__always) private func differences(of entry: PhysicalAddress, _ wanted: UInt64) -> UInt64 {
        (load(entry).rawValue ^ wanted) | (load(entry.nextEntry).rawValue ^ wanted)
    }

    /// The first entry in use of `table` from `index` on; nil where there is none.
    @inline(__always) func firstInUse(of table: FrameNumber, from index: Int) -> Int? {
        guard index < Granule.entriesPerTable else { return nil }
        return load(TableGeometry.entry(index, of: table)).isFree ? firstInUse(of: table, behindFree: index) : index
    }

    @inline(never) private func firstInUse(of table: FrameNumber, behindFree index: Int) -> Int? {
        let limit = UInt64(truncatingIfNeeded: Granule.entriesPerTable &- index)
        let count = run(from: TableGeometry.entry(index, of: table), atMost: limit, saying: .free, in: ~0)
        return count < limit ? index &+ Int(truncatingIfNeeded: count) : nil
    }

    /// Whether `count` adjacent entries of one table, from `entry` on, are free.
    @inline(__always) func areFree(_ entry: PhysicalAddress, _ count: UInt64) -> Bool {
        count == 0 || (load(entry).isFree && run(from: entry, atMost: count, saying: .free, in: ~0) == count)
    }

    /// The lowest address of `region` from which on `length` bytes are free.
    func firstGap(of length: ByteCount, in region: VirtualRange) -> VirtualAddress? {
        guard !region.isEmpty, length <= region.length else { return nil }
        var cursor = Cursor(self, over: region)
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
            guard load(place.entry(for: below)).isFree else { break }
            start = below
        }
        return start
    }

    /// Whether nothing is mapped in `range`.
    func isFree(_ range: VirtualRange) -> Bool {
        var address = range.start
        while address < range.end {
            let place = deepest(towards: address)
            let end = min(self.end(of: place, from: address), range.end)
            let entries = place.level == Granule.lastLevel ? (end - address).wholePages : 1
            guard areFree(place.entry(for: address), entries) else { return false }
            address = end
        }
        return true
    }

    /// The first entry of `range` that is not free, and the first address of the range that it stands for.
    func firstMapped(in range: VirtualRange) -> (address: VirtualAddress, descriptor: Descriptor)? {
        var cursor = Cursor(self, over: range)
        repeat {
            let descriptor = cursor.descriptor
            if !descriptor.isFree { return (cursor.position, descriptor) }
        } while cursor.advance()
        return nil
    }
}
