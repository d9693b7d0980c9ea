/// The one door to the entries of an address space: stands on each entry of a range in turn.
///
/// A cursor stands on the deepest entry for its position, which is a table's at no time: it descends by itself. An
/// entry above the last level stands for its whole span, so an operation that changes entries first makes sure that
/// none reaches beyond its range (``Boundaries``).
///
/// What an operation changes through the cursor is counted there and written to the table's record once, when the
/// cursor leaves the table.
struct Cursor<M: Hardware> {
    let tables: TranslationTables<M>
    private(set) var end: VirtualAddress

    /// The first address of the range that the current entry stands for.
    private(set) var position: VirtualAddress
    private(set) var place: TablePosition

    /// Where the current entry lies.
    private(set) var entry: PhysicalAddress

    /// Where it came into the current table.
    private var tableEntry: VirtualAddress
    private var entriesAdded = 0
    private var residentAdded = 0
    private var objectsNamed = false

    /// Stands on the first entry of `range`, which is not empty.
    @inline(__always) init(_ tables: TranslationTables<M>, over range: VirtualRange) {
        self.tables = tables
        position = range.start
        tableEntry = range.start
        end = range.end
        place = tables.deepest(towards: range.start)
        entry = place.entry(for: range.start)
    }

    /// Ends the range at `end`, which is beyond the position, instead.
    @inline(__always) mutating func shorten(to end: VirtualAddress) { self.end = end }

    @inline(__always) var isAtEnd: Bool { position >= end }

    @inline(__always) var isAtLastLevel: Bool { place.level == Granule.lastLevel }

    @inline(__always) var descriptor: Descriptor { tables.load(entry) }

    /// The first address beyond the current entry's span, which may lie beyond the range.
    @inline(__always) var entryEnd: VirtualAddress {
        TableGeometry.start(of: position, at: place.level) + TableGeometry.span(at: place.level)
    }

    /// The addresses that the current table stands for.
    @inline(__always) var tableRange: VirtualRange { TableGeometry.tableRange(of: position, at: place.level) }

    /// Moves to the next entry, unless that takes it out of its table or the range.
    /// - Returns: whether it stands on another entry of the same table.
    @inline(__always) mutating func moveWithinTable() -> Bool {
        let next: VirtualAddress
        if isAtLastLevel {
            next = position + Granule.size
            guard next < end, !TableGeometry.isBoundary(next, at: Granule.lastLevel - 1) else { return false }
        } else {
            next = entryEnd
            guard next < end, TableGeometry.index(of: next, at: place.level) != 0,
                !tables.load(place.entry(for: next)).isTable(at: place.level)
            else { return false }
        }
        position = next
        entry = entry + TableGeometry.entrySize
        return true
    }

    /// The pages of the range that are left in the current table, which is at the last level.
    @inline(__always) var pagesLeftInTable: UInt64 {
        let inTable = UInt64(truncatingIfNeeded: Granule.entriesPerTable &- TableGeometry.index(of: position, at: place.level))
        return min(inTable, (end - position).wholePages)
    }

    /// Moves over `pages` entries of a last-level table, of those that are left in it.
    /// - Returns: whether it stands on another entry of the same table; otherwise it stands on the last of them.
    @inline(__always) mutating func moveWithinTable(over pages: UInt64) -> Bool {
        let last = pages &- 1
        position = position + ByteCount.pages(last)
        entry = entry.entry(behind: last)
        return moveWithinTable()
    }

    /// Moves to the last of the entries of a last-level table that are of the kind and class of the current one, which is
    /// `descriptor`.
    @inline(__always) mutating func passAlike(_ descriptor: Descriptor) {
        let count = tables.run(
            from: entry, atMost: pagesLeftInTable, saying: descriptor, in: descriptor.likenessMask)
        position = position + ByteCount.pages(count &- 1)
        entry = entry.entry(behind: count &- 1)
    }

    /// Moves beyond the current entry into whatever table that leads to.
    /// - Returns: whether it stands on an entry of the range.
    @inline(__always) mutating func moveToNextTable() -> Bool { move(to: entryEnd) }

    /// Moves to `address`, which is not below the position.
    /// - Returns: whether it stands on an entry of the range.
    @inline(__always) mutating func move(to address: VirtualAddress) -> Bool {
        position = address
        tableEntry = address
        guard address < end else { return false }
        place = tables.deepest(towards: address)
        entry = place.entry(for: address)
        return true
    }

    /// Moves to the next entry of the range, wherever it is. For operations that change nothing.
    @inline(__always) mutating func advance() -> Bool { moveWithinTable() || moveToNextTable() }

    // MARK: Changing entries

    /// Writes an entry that the hardware does not translate over one that it does not translate either: nobody else
    /// writes such an entry, and no TLB holds it.
    @inline(__always) mutating func write(_ descriptor: Descriptor, over old: Descriptor) {
        tables.machine.store(descriptor.rawValue, at: entry)
        count(descriptor, instead: old)
    }

    /// Exchanges an entry that the hardware may be changing at this moment.
    /// - Returns: the entry as it was at last, access and dirty flags included.
    @inline(__always) mutating func exchange(_ descriptor: Descriptor) -> Descriptor {
        let old = Descriptor(rawValue: tables.machine.exchange(descriptor.rawValue, at: entry))
        count(descriptor, instead: old)
        return old
    }

    /// Exchanges an entry that is `expected`.
    /// - Returns: nil, or the entry as it was found where that is another.
    @inline(__always) mutating func compareExchange(_ expected: Descriptor, with new: Descriptor) -> Descriptor? {
        let found = tables.machine.compareExchange(
            expected: expected.rawValue, desired: new.rawValue, at: entry)
        guard found == expected.rawValue else { return Descriptor(rawValue: found) }
        count(new, instead: expected)
        return nil
    }

    /// Takes what an entry holds out of it: the references go to the batch, with the page's address where a TLB may hold
    /// the translation.
    @inline(__always) mutating func remove(
        _ old: Descriptor, replacingWith new: Descriptor, into batch: inout InvalidationBatch<M>,
        frames: inout FrameAllocator<M>
    ) {
        if old.isValid {
            let last = exchange(new)
            batch.retire(Frame(adopting: last.frame), of: position, last.userRights, frames: &frames)
        } else {
            write(new, over: old)
            guard old.holdsReferences else { return }
            if old.isReservedFile {
                batch.unmap(TableGeometry.span(at: place.level).wholePages, of: old.object, frames: &frames)
            } else {
                batch.keep(Frame(adopting: old.frame), .none, frames: &frames)
            }
        }
    }

    /// Takes the frame of a resident page out of its entry, which stays mapped and is as if it had never been touched.
    /// - Returns: the entry as it is now.
    @inline(__always) @discardableResult mutating func discard(
        _ old: Descriptor, into batch: inout InvalidationBatch<M>, frames: inout FrameAllocator<M>
    ) -> Descriptor {
        guard old.isValid && tables.records.isOnlyAnonymous(old.frame) else {
            return discardOther(old, into: &batch, frames: &frames)
        }
        let untouched = Descriptor.reserved(old.attributeClass)
        let last = exchange(untouched)
        batch.retireOnly(Frame(adopting: last.frame), of: position)
        return untouched
    }

    @inline(never) private mutating func discardOther(
        _ old: Descriptor, into batch: inout InvalidationBatch<M>, frames: inout FrameAllocator<M>
    ) -> Descriptor {
        let untouched = tables.untouched(old)
        if old.isValid {
            let last = exchange(untouched)
            batch.invalidate(position)
            batch.keep(Frame(adopting: last.frame), last.userRights, staysMapped: true, frames: &frames)
        } else {
            write(untouched, over: old)
            batch.keep(Frame(adopting: old.frame), .none, staysMapped: true, frames: &frames)
        }
        return untouched
    }

    /// Notes that an entry of the current table names an object from now on.
    @inline(__always) mutating func noteObjects() { objectsNamed = true }

    /// Gives a resident page new rights and a new class. What becomes executable is published to instruction fetch
    /// before its entry says so.
    /// - Parameter isClean: whether the hardware is to make the page, to which `rights` grant no write, writable at its
    ///   first write.
    /// - Returns: the entry as it was at last.
    @inline(__always) @discardableResult mutating func change(
        _ found: Descriptor, to rights: HardwareRights, _ attributes: AttributeClass, isClean: Bool = false,
        into batch: inout InvalidationBatch<M>
    ) -> Descriptor {
        var old = found
        if rights.contains(.execute) && !old.userRights.contains(.execute) {
            tables.machine.publishInstructions(in: old.frame)
        }
        while true {
            var new =
                rights.isEmpty
                ? Descriptor.residentWithoutAccess(old.frame, class: attributes)
                : Descriptor.page(old.frame, class: attributes, rights: rights)
            if isClean { new = new.clean }
            guard let changed = compareExchange(old, with: new) else { break }
            old = changed
        }
        // A TLB may hold what was valid, also where the new entry allows more: then the next access would fault again
        // and again (Arm ARM D8.13.1). What is clean may allow more before anybody knows.
        let isOther = isClean || old.userRights != rights
        if old.isValid && isOther { batch.invalidate(position) }
        return old
    }

    @inline(__always) private mutating func count(_ new: Descriptor, instead old: Descriptor) {
        entriesAdded &+= (new.isFree ? 0 : 1) &- (old.isFree ? 0 : 1)
        residentAdded &+= (new.isResident ? 1 : 0) &- (old.isResident ? 1 : 0)
    }

    /// Writes what was changed in the current table to its record. Before the cursor leaves the table.
    /// - Returns: whether the table is empty now, having been changed.
    @discardableResult @inline(__always) mutating func settle() -> Bool {
        guard entriesAdded | residentAdded != 0 || objectsNamed else { return false }
        var record = tables.records.tableRecord(of: place.table)
        let first = TableGeometry.index(of: tableEntry, at: place.level)
        let last = TableGeometry.index(of: position, at: place.level)
        record.add(entries: entriesAdded, resident: residentAdded, within: last &- first &+ 1)
        if objectsNamed { record.namesObjects = true }
        objectsNamed = false
        tables.records.setTableRecord(record, of: place.table)
        entriesAdded = 0
        residentAdded = 0
        return record.entriesInUse == 0
    }
}

extension TranslationTables {
    /// A resident entry as it was before the page was touched: its frame's record says what it is a page of.
    @inline(__always) func untouched(_ resident: Descriptor) -> Descriptor {
        guard records.record(of: resident.frame).kind.hasOrigin else { return .reserved(resident.attributeClass) }
        let origin = records.origin(of: resident.frame)
        return .reservedFile(
            resident.attributeClass, object: ObjectNumber(origin.object), pageIndex: PageIndex(origin.page))
    }
}

extension TableRecord {
    /// Counts entries that came into use or became free.
    ///
    /// The longest free run is an upper bound: a table's free entries bound it, and what is freed within a span can at
    /// most join the span with a run on either side. A search that has looked at every entry makes it exact again.
    ///
    /// - Parameter span: the entries among which those were that became free; without it they were adjacent.
    @inline(__always) mutating func add(entries: Int, resident residentEntries: Int, within span: Int = 0) {
        resident += residentEntries
        guard entries != 0 else { return }
        entriesInUse += entries
        // What is free names nothing.
        if entriesInUse == 0 { namesObjects = false }
        let run = longestFreeRun
        let free = Granule.entriesPerTable &- entriesInUse
        longestFreeRun = min(free, entries < 0 ? 2 &* run &+ max(span, 0 &- entries) : run)
    }
}
