/// `fork`: a second address space with the same content, at the cost of tables, not of pages.
extension AddressSpace {
    /// A last-level table with at most this many entries in use is copied, since sharing it costs a fault and the copy
    /// later.
    static var copiedEntries: Int { 32 }

    /// Makes a child's address space: it shows what this one shows, and from now on what either writes, maps, unmaps or
    /// protects is its own.
    ///
    /// Last-level tables are shared by both until one of them changes something below; small ones, and those with
    /// entries that a child gets otherwise (locked, don't-fork, wipe-on-fork), are copied. This address space's
    /// translations leave the TLBs before the call returns.
    ///
    /// - Throws: ``MapError/outOfMemory`` where there are no frames for the child's tables, or a count is at its limit;
    ///   with nothing changed.
    public mutating func fork(frames: inout FrameAllocator<M>) throws(MapError) -> AddressSpace<M> {
        let special = attributes.classes(having: .forkSpecial)
        var reserve = try TableReserve(tablesForChild(special), machine: machine, frames: &frames)
        guard let attributeFrame = frames.take(.kernel) else {
            reserve.giveBack(to: &frames)
            throw .outOfMemory
        }
        var child = AddressSpace(
            childOf: self, root: reserve.takeTable(), attributes: attributes.copied(to: attributeFrame.relinquish()))
        do throws(MapError) {
            try fillTables(of: &child, special, from: &reserve)
        } catch {
            reserve.giveBack(to: &frames)
            child.destroy(frames: &frames)
            throw error
        }
        reserve.giveBack(to: &frames)
        restrict(special)
        return child
    }

    /// Whether a last-level table is shared with a child rather than copied.
    private func isShareable(_ table: FrameNumber, _ special: ClassSet?) -> Bool {
        guard records.tableRecord(of: table).entriesInUse > Self.copiedEntries else { return false }
        guard let special else { return true }
        var entries = EntriesInUse(tables, of: table)
        while let (_, descriptor) = entries.next() {
            if special.contains(descriptor.attributeClass) { return false }
        }
        return true
    }

    /// The tables that a child needs for itself, at most.
    private func tablesForChild(_ special: ClassSet?) -> Int {
        var count = 0
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            let isShared = visit.position.level == Granule.lastLevel && isShareable(visit.position.table, special)
            count += isShared ? 0 : 1
        }
        return count
    }

    /// Gives a child, in whose root nothing is yet, what this address space's tables say. Changes nothing here but
    /// counts.
    /// - Throws: ``MapError/outOfMemory`` where a count is at its limit; the child can be destroyed then.
    private func fillTables(
        of child: inout AddressSpace<M>, _ special: ClassSet?, from reserve: inout TableReserve<M>
    ) throws(MapError) {
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            let table = visit.position.table
            if visit.position.level < Granule.lastLevel {
                copyUpperEntries(visit, to: child.tables, special, from: &reserve)
            } else if isShareable(table, special) {
                try retain(table)
                let parent = child.tables.makeTable(
                    at: Granule.lastLevel - 1, towards: visit.start, from: &reserve)
                machine.store(Descriptor.table(table).sharingTable.rawValue, at: parent.entry(for: visit.start))
                child.tables.count(entries: 1, in: parent.table)
                child.sharedTables += 1
            } else {
                try copyPages(visit, to: child.tables, special, from: &reserve)
            }
        }
        machine.orderTableWrites()
    }

    /// Copies the entries above the last level that are no tables: the kernel's, and reserved blocks as they are. Those
    /// that are tables stand in the child already.
    private func copyUpperEntries(
        _ visit: TableIterator<M>.Visit, to child: TranslationTables<M>, _ special: ClassSet?,
        from reserve: inout TableReserve<M>
    ) {
        let level = visit.position.level
        // A table all of whose entries a child does not get is none of the child's.
        var place = child.table(at: level, towards: visit.start)
        if level <= kernel.level && place == nil {
            place = child.makeTable(at: level, towards: visit.start, from: &reserve)
        }
        var copied = 0
        var entries = EntriesInUse(tables, of: visit.position.table)
        while let (index, descriptor) = entries.next() {
            let isKernel = kernel.owns(index, at: level, firstAddress: visit.start)
            if isKernel || (!descriptor.isTable(at: level) && isInherited(descriptor, special)) {
                let target = place ?? child.makeTable(at: level, towards: visit.start, from: &reserve)
                place = target
                if !isKernel { addMappedPages(of: descriptor, at: level, to: target.table) }
                machine.store(descriptor.rawValue, at: TableGeometry.entry(index, of: target.table))
                copied += 1
            }
        }
        if let place { child.count(entries: copied, in: place.table) }
    }

    /// Copies the entries of a last-level table that the child gets, with a reference for each page's frame and without
    /// write on private pages.
    private func copyPages(
        _ visit: TableIterator<M>.Visit, to child: TranslationTables<M>, _ special: ClassSet?,
        from reserve: inout TableReserve<M>
    ) throws(MapError) {
        let original = records.tableRecord(of: visit.position.table)
        var record = TableRecord.empty
        record.namesObjects = original.namesObjects
        // An empty table is the one under the next-fit pointer, which is the child's too.
        var place: TablePosition?
        if original.entriesInUse == 0 {
            place = child.makeTable(at: Granule.lastLevel, towards: visit.start, from: &reserve)
        }
        var entries = EntriesInUse(tables, of: visit.position.table)
        while let (index, found) = entries.next() {
            guard isInherited(found, special) else { continue }
            let target = place ?? child.makeTable(at: Granule.lastLevel, towards: visit.start, from: &reserve)
            place = target
            let descriptor = forChild(found, special)
            if descriptor.isResident {
                do throws(MapError) {
                    try retain(descriptor.frame)
                } catch {
                    records.setTableRecord(record, of: target.table)
                    throw error
                }
            }
            if original.namesObjects { addMappedPages(of: descriptor, at: Granule.lastLevel) }
            machine.store(descriptor.rawValue, at: TableGeometry.entry(index, of: target.table))
            record.add(entries: 1, resident: descriptor.isResident ? 1 : 0)
        }
        guard let place else { return }
        if record.entriesInUse == original.entriesInUse { record.longestFreeRun = original.longestFreeRun }
        records.setTableRecord(record, of: place.table)
    }

    private func isInherited(_ descriptor: Descriptor, _ special: ClassSet?) -> Bool {
        guard let special, special.contains(descriptor.attributeClass) else { return true }
        return !attributes[descriptor.attributeClass].contains(.dontFork)
    }

    /// The entry that a child gets in a table of its own.
    private func forChild(_ descriptor: Descriptor, _ special: ClassSet?) -> Descriptor {
        let set = attributes[descriptor.attributeClass]
        if descriptor.isResident && set.contains(.wipeOnFork) { return .reserved(descriptor.attributeClass) }
        return descriptor.isValid && !set.contains(.shared) ? descriptor.writeProtected : descriptor
    }

    /// Another reference on a frame or table.
    private func retain(_ frame: FrameNumber) throws(MapError) {
        do throws(FrameError) {
            try records.retain(frame)
        } catch {
            throw .outOfMemory
        }
    }

    /// Takes from this address space what it may no longer write without asking, in the TLBs too.
    private mutating func restrict(_ special: ClassSet?) {
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            guard visit.position.level == Granule.lastLevel else { continue }
            let table = visit.position.table
            guard isShareable(table, special) else {
                writeProtect(table)
                continue
            }
            guard let entry = tables.lastTableEntry(towards: visit.start) else {
                preconditionFailure("a last-level table has a descriptor")
            }
            let descriptor = tables.load(entry)
            guard !descriptor.isSharedTable else { continue }
            machine.store(descriptor.sharingTable.rawValue, at: entry)
            sharedTables += 1
        }
        machine.orderTableWrites()
        guard let asid else { return }
        machine.invalidate(asid: asid)
        machine.completeInvalidation()
    }
}

/// Building the tables of a child, which no CPU walks yet.
extension TranslationTables {
    /// The table at `level` on the path of `address`, or nil.
    func table(at level: Int, towards address: VirtualAddress) -> TablePosition? {
        var position = rootPosition
        while position.level < level {
            let descriptor = load(position.entry(for: address))
            guard descriptor.isTable(at: position.level) else { return nil }
            position = TablePosition(table: descriptor.frame, level: position.level + 1)
        }
        return position
    }

    /// Counts entries that came into use, or became free, in a table above the last level.
    func count(entries: Int, in table: FrameNumber) {
        var record = records.tableRecord(of: table)
        record.add(entries: entries, resident: 0)
        records.setTableRecord(record, of: table)
    }

    /// The table at `level` on the path of `address`, made where it lacks.
    func makeTable(
        at level: Int, towards address: VirtualAddress, from reserve: inout TableReserve<M>
    ) -> TablePosition {
        var position = rootPosition
        while position.level < level {
            let entry = position.entry(for: address)
            var descriptor = load(entry)
            if !descriptor.isTable(at: position.level) {
                precondition(descriptor.isFree, "a child's table goes where nothing is")
                descriptor = Descriptor.table(reserve.takeTable().relinquish())
                machine.store(descriptor.rawValue, at: entry)
                count(entries: 1, in: position.table)
            }
            position = TablePosition(table: descriptor.frame, level: position.level + 1)
        }
        return position
    }
}
