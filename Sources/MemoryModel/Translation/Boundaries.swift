/// Table frames taken before the first change of an operation, so that running out of memory changes nothing.
struct TableReserve<M: Hardware>: ~Copyable {
    private var list: FrameList<M>
    private let records: FrameTable<M>
    private let machine: M

    /// Takes `count` frames.
    /// - Throws: ``MapError/outOfMemory``, having taken none.
    init(_ count: Int, machine: M, frames: inout FrameAllocator<M>) throws(MapError) {
        list = FrameList(frames.table)
        records = frames.table
        self.machine = machine
        for _ in 0..<count {
            guard let frame = frames.take(.table) else {
                while let frame = list.popFirst() { frames.release(frame) }
                throw .outOfMemory
            }
            list.push(frame)
        }
    }

    /// A table of free entries. Traps where more are asked for than were reserved.
    mutating func takeTable() -> Frame {
        guard let frame = list.popFirst() else { preconditionFailure("more tables needed than were reserved") }
        machine.clear(frame.number)
        records.setKind(.table, of: frame.number)
        records.setTableRecord(.empty, of: frame.number)
        return frame
    }

    /// Gives back what was not needed.
    consuming func giveBack(to frames: inout FrameAllocator<M>) {
        while let frame = list.popFirst() { frames.release(frame) }
    }
}

/// Making sure that an entry begins at an address, so that an operation's range is one of whole entries.
extension TranslationTables {
    /// A cursor over `range`, at whose bounds entries begin from now on, so that changing the entries of the range
    /// changes nothing else.
    /// - Parameter filling: whether what is free in the range needs entries of its own too.
    /// - Throws: ``MapError/outOfMemory``, with the tables as they were.
    @inline(__always) func cursor(
        over range: VirtualRange, filling: Bool, frames: inout FrameAllocator<M>
    ) throws(MapError) -> Cursor<M> {
        let cursor = Cursor(self, over: range)
        // One last-level table holds the whole range: it is made of whole entries already.
        if cursor.isAtLastLevel && range.end <= cursor.tableRange.end { return cursor }
        try makeBoundaries(of: range, filling: filling, frames: &frames)
        return Cursor(self, over: range)
    }

    @inline(never) func makeBoundaries(
        of range: VirtualRange, filling: Bool, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        let missing = tablesMissing(forBoundariesOf: range, filling: filling)
        guard missing > 0 else { return }
        var reserve = try TableReserve(missing, machine: machine, frames: &frames)
        makeBoundary(at: range.start, filling: filling, from: &reserve)
        makeBoundary(at: range.end, filling: filling, from: &reserve)
        reserve.giveBack(to: &frames)
    }

    /// The tables that lack before entry boundaries lie at both ends of `range`.
    @inline(__always) func tablesMissing(forBoundariesOf range: VirtualRange, filling: Bool) -> Int {
        let below = tablesMissing(forBoundaryAt: range.start, filling: filling)
        let above = tablesMissing(forBoundaryAt: range.end, filling: filling)
        return below + above - (below > 0 && above > 0 ? tablesShared(by: range) : 0)
    }

    /// The tables that lack before an entry boundary lies at `address`: at most one for each level below the first.
    /// - Parameter filling: whether free addresses need a boundary too, as for a range that is about to be mapped.
    @inline(__always) func tablesMissing(forBoundaryAt address: VirtualAddress, filling: Bool) -> Int {
        let place = deepest(towards: address)
        guard !TableGeometry.isBoundary(address, at: place.level) else { return 0 }
        if !filling && load(place.entry(for: address)).isFree { return 0 }
        var level = place.level
        while !TableGeometry.isBoundary(address, at: level) { level &+= 1 }
        return level &- place.level
    }

    /// How many of the tables that lack for a boundary at the start of `range` serve that at its end too.
    private func tablesShared(by range: VirtualRange) -> Int {
        var level = deepest(towards: range.start).level
        var shared = 0
        while !TableGeometry.isBoundary(range.start, at: level), !TableGeometry.isBoundary(range.end, at: level),
            TableGeometry.start(of: range.start, at: level) == TableGeometry.start(of: range.end, at: level)
        {
            shared += 1
            level += 1
        }
        return shared
    }

    /// Makes an entry begin at `address`: splits what is reserved there, adds tables where nothing is mapped.
    func makeBoundary(at address: VirtualAddress, filling: Bool, from reserve: inout TableReserve<M>) {
        var place = deepest(towards: address)
        while !TableGeometry.isBoundary(address, at: place.level) {
            if !filling && load(place.entry(for: address)).isFree { return }
            split(&place, towards: address, with: reserve.takeTable())
        }
    }

    /// Replaces the entry for `address`, which is free or reserved, by a table that says the same, and goes there.
    func split(_ place: inout TablePosition, towards address: VirtualAddress, with table: consuming Frame) {
        let entry = place.entry(for: address)
        let old = load(entry)
        precondition(old.isFree || old.isReserved, "only free and reserved entries are split")
        let child = TablePosition(table: table.number, level: place.level + 1)
        if old.isFree {
            var record = records.tableRecord(of: place.table)
            record.add(entries: 1, resident: 0)
            records.setTableRecord(record, of: place.table)
        } else {
            let pages = TableGeometry.span(at: child.level).wholePages
            for index in 0..<Granule.entriesPerTable {
                let part = old.advanced(byPages: UInt64(truncatingIfNeeded: index) * pages)
                machine.store(part.rawValue, at: TableGeometry.entry(index, of: child.table))
            }
            var record = TableRecord.empty
            record.add(entries: Granule.entriesPerTable, resident: 0)
            record.namesObjects = old.isReservedFile
            records.setTableRecord(record, of: child.table)
        }
        // The walkers must not see the table before its content (Arm ARM B2.3.12).
        machine.orderTableWrites()
        machine.store(Descriptor.table(table.relinquish()).rawValue, at: entry)
        place = child
    }

    /// Gives back the last-level table on the path of `address` if nothing is mapped in it, and each table above that
    /// thereby becomes empty.
    /// - Returns: whether there was one.
    @discardableResult @inline(never) func removeEmptyTables(
        towards address: VirtualAddress, into batch: inout InvalidationBatch<M>
    ) -> Bool {
        var removed = false
        while true {
            var parent = rootPosition
            var place = parent
            while place.level < Granule.lastLevel {
                let descriptor = load(place.entry(for: address))
                guard descriptor.isTable(at: place.level) else { break }
                parent = place
                place = TablePosition(table: descriptor.frame, level: place.level + 1)
            }
            guard place.level > Granule.firstLevel, records.tableRecord(of: place.table).entriesInUse == 0 else {
                return removed
            }
            removed = true
            let old = Descriptor(rawValue: machine.exchange(Descriptor.free.rawValue, at: parent.entry(for: address)))
            batch.retireTable(Frame(adopting: old.frame), of: address)
            var record = records.tableRecord(of: parent.table)
            record.add(entries: -1, resident: 0)
            records.setTableRecord(record, of: parent.table)
        }
    }
}
