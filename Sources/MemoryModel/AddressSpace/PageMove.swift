/// Moving pages to other addresses: their entries go, frames and all, and nothing is copied.
///
/// Where source and destination lie alike in their last-level tables, whole tables go instead of their entries.
extension AddressSpace {
    /// Moves the pages of `mapping` to the start of `target`; the rest of `target` is reserved with the same attributes.
    /// What was mapped at `target` goes. The two do not overlap.
    ///
    /// - Parameter isKept: whether the source stays mapped, without content, lock and guards.
    /// - Throws: ``MapError/outOfMemory``, with every page as it was.
    mutating func movePages(
        of mapping: MappedRange, to target: VirtualRange, keepingSource isKept: Bool,
        frames: inout FrameAllocator<M>
    ) throws(MapError) {
        if mapping.range.isEmpty {
            // Shared memory that is mapped a second time.
            try reserve(target, behind: mapping, frames: &frames)
            return
        }
        _ = try cursor(over: mapping.range, filling: false, frames: &frames)
        let left = isKept ? mapping.reserved(at: .zero).replacing(try classWithoutLock(mapping.attributes)) : .free
        let isFilled = !tables.isFree(target)
        var needs = TablesNeeded(tables, moving: mapping, to: target, isFilled: isFilled)
        var counter = MissingTables()
        while let need = needs.next() { counter.count(need, in: tables) }
        var reserve = try TableReserve(counter.total, machine: machine, frames: &frames)
        do throws(MapError) {
            if isFilled {
                try fill(target, for: mapping, frames: &frames)
            } else {
                _ = try cursor(over: target, filling: true, frames: &frames)
            }
        } catch {
            reserve.giveBack(to: &frames)
            throw error
        }
        // Nothing fails from here on.
        if counter.total > 0 {
            needs = TablesNeeded(tables, moving: mapping, to: target, isFilled: isFilled)
            while let need = needs.next() { makeTables(need, from: &reserve) }
        }
        reserve.giveBack(to: &frames)
        var batch = makeBatch()
        var move = PageMove(mapping, to: target, leaving: left, isFilled: isFilled)
        while move.source < mapping.range.end { movePiece(&move, into: &batch) }
        fill(VirtualRange(move.destination, to: target.end), behind: mapping)
        if left.isFree { removeEmptyTables(of: mapping.range, into: &batch) }
        if let object = mapping.object { countPages(of: object.number, move, target, frames: &frames) }
        machine.orderTableWrites()
        batch.complete(frames: &frames)
    }

    /// Reserves what something else was mapped at as if `mapping` lay there.
    private mutating func fill(
        _ target: VirtualRange, for mapping: MappedRange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var empty = mapping
        empty.range = VirtualRange(mapping.range.start, to: mapping.range.start)
        try reserve(target, behind: empty, frames: &frames)
    }

    /// Counts the pages that show an object after a move: what was filled is counted already.
    private mutating func countPages(
        of object: ObjectNumber, _ move: PageMove, _ target: VirtualRange, frames: inout FrameAllocator<M>
    ) {
        let moved = (move.end - move.start).wholePages
        // First: it may be the only mapping of the object.
        if !move.isFilled { objects.addMappedPages(target.pageCount, to: object) }
        if move.left.isFree { objects.removeMappedPages(moved, from: object, frames: &frames) }
    }

    /// The class of the same pages without a lock: what `MREMAP_DONTUNMAP` leaves behind.
    private mutating func classWithoutLock(_ attributes: AttributeClass) throws(MapError) -> AttributeClass {
        let set = self.attributes[attributes]
        let unlocked = set.subtracting(.locked | .lockedOnFault)
        if set == unlocked { return attributes }
        var kept = ClassSet()
        kept.insert(attributes)
        return try intern(unlocked, keeping: kept)
    }

    private mutating func makeTables(_ need: TablesNeeded<M>.Need, from reserve: inout TableReserve<M>) {
        var place = tables.deepest(towards: need.address)
        while place.level < need.level { tables.split(&place, towards: need.address, with: reserve.takeTable()) }
    }

    /// Moves as many pages as one entry or table on either side stands for.
    @inline(__always) private mutating func movePiece(_ move: inout PageMove, into batch: inout InvalidationBatch<M>) {
        let (source, destination) = (move.source, move.destination)
        let from = tables.deepest(towards: source)
        let to = tables.deepest(towards: destination)
        let sourceEnd = tables.end(of: from, from: source)
        let length = min(
            min(sourceEnd, move.end) - source, tables.end(of: to, from: destination) - destination)
        if move.canMoveTable(from, to, length) {
            moveTable(move, into: &batch)
        } else if from.level == Granule.lastLevel && to.level == Granule.lastLevel {
            moveEntries(move, from, to, length, into: &batch)
        } else {
            // On one side an entry stands for all these pages, so on both sides they are reserved.
            let offset = (source - TableGeometry.start(of: source, at: from.level)).wholePages
            let reserved = tables.load(from.entry(for: source)).advanced(byPages: offset)
            if to.level == Granule.lastLevel {
                write(reserved, at: destination, length, in: to, isFilled: move.isFilled)
            } else if !move.isFilled && TableGeometry.isBoundary(destination, at: to.level) {
                machine.store(reserved.rawValue, at: to.entry(for: destination))
                records.count(entries: 1, resident: 0, namesObjects: reserved.isReservedFile, in: to.table)
            }
            if from.level == Granule.lastLevel {
                clear(source, length, in: from, leaving: move.left(at: source))
            } else if source + length == sourceEnd {
                let first = TableGeometry.start(of: source, at: from.level)
                machine.store(move.left(at: first).rawValue, at: from.entry(for: source))
                tables.count(entries: move.left.isFree ? -1 : 0, in: from.table)
            }
        }
        move.advance(by: length)
    }

    /// Gives back tables on the way to the source in which nothing is left: once the pages that are added, which may lie
    /// in the same tables, are there.
    private mutating func removeEmptyTables(of source: VirtualRange, into batch: inout InvalidationBatch<M>) {
        var address = source.start
        while address < source.end {
            if tables.deepest(towards: address).level < Granule.lastLevel || !isWarm(address) {
                tables.removeEmptyTables(towards: address, into: &batch)
            }
            address = TableGeometry.tableRange(of: address, at: Granule.lastLevel).end
        }
    }

    /// Moves the entries of one last-level table that lie within one at the destination.
    @inline(__always) private mutating func moveEntries(
        _ move: PageMove, _ from: TablePosition, _ to: TablePosition, _ length: ByteCount,
        into batch: inout InvalidationBatch<M>
    ) {
        var source = from.entry(for: move.source)
        var destination = to.entry(for: move.destination)
        let end = source + ByteCount(length.wholePages &* TableGeometry.entrySize.rawValue)
        var valid = 0
        var invalid = 0
        var left = move.left(at: move.source).rawValue
        let step = move.left.isReservedFile ? InvalidEntryLayout.pageIndex.word(1) : 0
        if move.isSteady && move.left.isFree {
            // Nearly all that a program has. Stores will do where the walkers write nothing.
            while source.entry(behind: 8) <= end {
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
                moveSteadyEntry(&source, &destination)
            }
            while source < end { moveSteadyEntry(&source, &destination) }
            valid = Int(truncatingIfNeeded: length.wholePages)
        }
        while source < end {
            var entry = tables.load(source)
            if entry.isValid {
                entry = Descriptor(rawValue: machine.exchange(left, at: source))
                valid &+= 1
            } else {
                machine.store(left, at: source)
                invalid &+= entry.isResident ? 1 : 0
            }
            machine.store(entry.rawValue, at: destination)
            left &+= step
            source = PhysicalAddress(source.rawValue &+ TableGeometry.entrySize.rawValue)
            destination = PhysicalAddress(destination.rawValue &+ TableGeometry.entrySize.rawValue)
        }
        let resident = valid &+ invalid
        let pages = Int(truncatingIfNeeded: length.wholePages)
        let namesObjects = records.tableRecord(of: from.table).namesObjects
        records.count(entries: move.left.isFree ? -pages : 0, resident: -resident, in: from.table)
        records.count(
            entries: move.isFilled ? 0 : pages, resident: resident, namesObjects: namesObjects, in: to.table)
        if valid > 0 { batch.invalidate(move.source, count: length.wholePages) }
    }

    @inline(__always) private func moveSteadyEntry(_ source: inout PhysicalAddress, _ destination: inout PhysicalAddress) {
        let entry = tables.load(source)
        machine.store(Descriptor.free.rawValue, at: source)
        machine.store(entry.rawValue, at: destination)
        source = source.nextEntry
        destination = destination.nextEntry
    }

    /// Moves a last-level table.
    @inline(never) private mutating func moveTable(_ move: PageMove, into batch: inout InvalidationBatch<M>) {
        guard let from = tables.table(at: Granule.lastLevel - 1, towards: move.source) else {
            preconditionFailure("a last-level table has a descriptor")
        }
        let to = tables.deepest(towards: move.destination)
        let left = move.left(at: move.source)
        let old = Descriptor(rawValue: machine.exchange(left.rawValue, at: from.entry(for: move.source)))
        precondition(!old.isSharedTable, "a table that moves is this address space's own")
        // Not all that is noted in a table is waited for (Arm ARM B2.3.12).
        machine.orderTableWrites()
        machine.store(old.rawValue, at: to.entry(for: move.destination))
        records.count(entries: left.isFree ? -1 : 0, resident: 0, namesObjects: left.isReservedFile, in: from.table)
        tables.count(entries: 1, in: to.table)
        batch.invalidateTable(TableGeometry.tableRange(of: move.source, at: Granule.lastLevel))
    }

    /// Writes reserved entries to a last-level table.
    /// - Parameter first: that of the first page; the others follow it in their object, if they show one.
    private mutating func write(
        _ first: Descriptor, at address: VirtualAddress, _ length: ByteCount, in place: TablePosition, isFilled: Bool
    ) {
        var entry = place.entry(for: address)
        for page in 0..<length.wholePages {
            machine.store(first.advanced(byPages: page).rawValue, at: entry)
            entry = entry + TableGeometry.entrySize
        }
        records.count(
            entries: isFilled ? 0 : Int(truncatingIfNeeded: length.wholePages), resident: 0,
            namesObjects: first.isReservedFile, in: place.table)
    }

    /// Leaves nothing, or what is to be left, of reserved entries of a last-level table.
    private mutating func clear(
        _ address: VirtualAddress, _ length: ByteCount, in place: TablePosition, leaving left: Descriptor
    ) {
        write(left, at: address, length, in: place, isFilled: true)
        guard left.isFree else { return }
        records.count(entries: -Int(truncatingIfNeeded: length.wholePages), resident: 0, in: place.table)
    }

    /// Reserves what is still free of `range`, which follows `mapping`: growth. Entries begin at its bounds, or one above
    /// the last level stands for pages on both sides of its start and says so already.
    private mutating func fill(_ range: VirtualRange, behind mapping: MappedRange) {
        guard !range.isEmpty else { return }
        var cursor = Cursor(tables, over: range)
        repeat {
            if mapping.object != nil { cursor.noteObjects() }
            repeat {
                let old = cursor.descriptor
                if old.isFree {
                    let offset = mapping.range.length + (cursor.position - range.start)
                    cursor.write(mapping.reserved(at: offset), over: old)
                }
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
    }
}

/// How far a move has got.
struct PageMove {
    private(set) var source: VirtualAddress
    private(set) var destination: VirtualAddress
    /// The whole source.
    let start: VirtualAddress
    let end: VirtualAddress
    /// What stands in the source's first entry afterwards.
    let left: Descriptor
    /// Whether each page of the destination is reserved already.
    let isFilled: Bool
    /// Whether every page is resident, and its entry changed by nobody but who holds the address space.
    let isSteady: Bool

    init(_ mapping: MappedRange, to target: VirtualRange, leaving left: Descriptor, isFilled: Bool) {
        source = mapping.range.start
        start = mapping.range.start
        end = mapping.range.end
        destination = target.start
        self.left = left
        self.isFilled = isFilled
        isSteady = mapping.isSteady
    }

    /// What stands in the source's entry for `address` afterwards.
    @inline(__always) func left(at address: VirtualAddress) -> Descriptor {
        left.advanced(byPages: (address - start).wholePages)
    }

    mutating func advance(by length: ByteCount) {
        source = source + length
        destination = destination + length
    }

    /// Whether the next piece is a whole last-level table that goes where none is.
    @inline(__always) func canMoveTable(_ from: TablePosition, _ to: TablePosition, _ length: ByteCount) -> Bool {
        from.level == Granule.lastLevel && to.level == Granule.lastLevel - 1 && !isFilled
            && length == TableGeometry.span(at: Granule.lastLevel - 1)
    }
}

/// The tables that a move needs at its destination: last-level ones for pages that have more to say than a reserved
/// entry above could, and those above for tables that are moved whole.
struct TablesNeeded<M: Hardware> {
    /// A table at `level` on the path of `address`, and all above it.
    struct Need {
        var address: VirtualAddress
        var level: Int
    }

    private let tables: TranslationTables<M>
    private let mapping: MappedRange
    private let target: VirtualRange
    private let isFilled: Bool
    /// The first address of the source that was not looked at.
    private var position: VirtualAddress
    /// What of the destination needs tables, being looked at.
    private var current: VirtualRange?
    private var level = Granule.lastLevel

    init(_ tables: TranslationTables<M>, moving mapping: MappedRange, to target: VirtualRange, isFilled: Bool) {
        self.tables = tables
        self.mapping = mapping
        self.target = target
        self.isFilled = isFilled
        position = mapping.range.start
    }

    mutating func next() -> Need? {
        while current == nil {
            guard position < mapping.range.end else { return nil }
            lookAtNextPiece()
        }
        guard let range = current else { return nil }
        let end = min(TableGeometry.tableRange(of: range.start, at: Granule.lastLevel).end, range.end)
        current = end < range.end ? VirtualRange(end, to: range.end) : nil
        return Need(address: range.start, level: level)
    }

    private mutating func lookAtNextPiece() {
        let place = tables.deepest(towards: position)
        let end = min(tables.end(of: place, from: position), mapping.range.end)
        let start = target.start + (position - mapping.range.start)
        let piece = VirtualRange(start, to: start + (end - position))
        if place.level == Granule.lastLevel {
            let isWhole = piece.length == TableGeometry.span(at: Granule.lastLevel - 1)
            if isWhole && !isFilled && TableGeometry.isBoundary(start, at: Granule.lastLevel - 1) {
                (current, level) = (piece, Granule.lastLevel - 1)
            } else if mapping.isMixed || tables.records.tableRecord(of: place.table).resident > 0 {
                (current, level) = (piece, Granule.lastLevel)
            }
        } else if mapping.isMixed {
            (current, level) = (piece, Granule.lastLevel)
        }
        position = end
    }
}

/// Counts tables that lack, each once.
private struct MissingTables {
    private(set) var total = 0
    /// Where the last table counted at each level begins.
    private var counted = InlineArray<4, UInt64>(repeating: .max)

    /// - Parameter need: at or above what was counted last.
    mutating func count<M: Hardware>(_ need: TablesNeeded<M>.Need, in tables: TranslationTables<M>) {
        var level = tables.deepest(towards: need.address).level + 1
        while level <= need.level {
            let start = TableGeometry.tableRange(of: need.address, at: level).start.rawValue
            if counted[level] != start {
                counted[level] = start
                total += 1
            }
            level += 1
        }
    }
}

extension FrameTable {
    /// Counts entries that came into use, or became free, in a table, and pages that got or lost a frame.
    /// - Parameter namesObjects: whether the table may name objects from now on.
    func count(entries: Int, resident: Int, namesObjects: Bool = false, in table: FrameNumber) {
        var record = tableRecord(of: table)
        record.add(entries: entries, resident: resident)
        if namesObjects { record.namesObjects = true }
        setTableRecord(record, of: table)
    }
}
