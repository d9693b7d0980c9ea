/// Tables shared since a fork: each change below one makes it this address space's own first.
///
/// A shared last-level table is marked in the descriptor of each of its owners, which therefore lets nobody write below
/// it whatever the entries say. Nobody changes its entries but to take write away, and nothing that it holds is dropped
/// before its last owner goes.
extension AddressSpace {
    /// A cursor over `range` for changing its entries: entries begin at its bounds, and no table on the way is shared.
    /// - Parameters:
    ///   - filling: whether what is free in the range needs entries of its own too.
    ///   - discarding: whether everything in the range is to go, so that shared tables inside it may go at once.
    /// - Throws: ``MapError/outOfMemory``, with every page as it was.
    @inline(__always) mutating func cursor(
        over range: VirtualRange, filling: Bool, discarding: Bool = false, frames: inout FrameAllocator<M>
    ) throws(MapError) -> Cursor<M> {
        if sharedTables > 0 {
            try prepareShared(range, filling: filling, discarding: discarding, frames: &frames)
        }
        return try tables.cursor(over: range, filling: filling, frames: &frames)
    }

    /// Makes the tables of `range` this address space's own, and entries begin at its bounds.
    /// - Throws: ``MapError/outOfMemory``, with every page as it was; where a frame was lacking, no table changed.
    @inline(never) mutating func prepareShared(
        _ range: VirtualRange, filling: Bool, discarding: Bool, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        let discarded = discarding ? range : nil
        guard let copies = copiesNeeded(in: range, apartFrom: discarded) else { return }
        let missing = tables.tablesMissing(forBoundariesOf: range, filling: filling)
        var reserve = try TableReserve(copies + missing, machine: machine, frames: &frames)
        do throws(MapError) {
            try unshareAll(in: range, apartFrom: discarded, from: &reserve, frames: &frames)
        } catch {
            reserve.giveBack(to: &frames)
            throw error
        }
        if missing > 0 {
            tables.makeBoundary(at: range.start, filling: filling, from: &reserve)
            tables.makeBoundary(at: range.end, filling: filling, from: &reserve)
        }
        reserve.giveBack(to: &frames)
        if discarding { dropTables(in: range, frames: &frames) }
    }

    /// Makes the tables of `range` this address space's own, before a fault changes an entry.
    /// - Returns: whether one was not.
    /// - Throws: ``FaultError/outOfMemory``, with every page as it was.
    @inline(never) mutating func unshare(
        _ range: VirtualRange, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> Bool {
        guard let copies = copiesNeeded(in: range, apartFrom: nil) else { return false }
        do throws(MapError) {
            var reserve = try TableReserve(copies, machine: machine, frames: &frames)
            do throws(MapError) {
                try unshareAll(in: range, apartFrom: nil, from: &reserve, frames: &frames)
            } catch {
                reserve.giveBack(to: &frames)
                throw error
            }
            reserve.giveBack(to: &frames)
        } catch {
            throw .outOfMemory
        }
        return true
    }

    /// How many tables of `range` must be copied; nil where none is marked as shared.
    /// - Parameter discarded: the tables inside this range that others own too need no copy: they are dropped.
    private func copiesNeeded(in range: VirtualRange, apartFrom discarded: VirtualRange?) -> Int? {
        var found = false
        var copies = 0
        var start = range.start
        while let address = firstShared(in: VirtualRange(start, to: range.end)) {
            found = true
            let table = TableGeometry.tableRange(of: address, at: Granule.lastLevel)
            let isDropped = discarded.map { $0.contains(table) } ?? false
            if !isDropped && records.count(of: tables.load(sharedEntry(at: address)).frame) > 1 { copies += 1 }
            start = min(table.end, range.end)
        }
        return found ? copies : nil
    }

    /// Where the descriptor lies that ``firstShared(in:)`` has found.
    private func sharedEntry(at address: VirtualAddress) -> PhysicalAddress {
        guard let entry = tables.lastTableEntry(towards: address) else {
            preconditionFailure("a marked descriptor is that of a last-level table")
        }
        return entry
    }

    /// The first address of `range` below a descriptor that is marked as shared, the kernel's addresses apart.
    private func firstShared(in range: VirtualRange) -> VirtualAddress? {
        if let low = range.intersection(layout.low), let found = tables.firstShared(in: low) { return found }
        guard let high = range.intersection(layout.high) else { return nil }
        return tables.firstShared(in: high)
    }

    private mutating func unshareAll(
        in range: VirtualRange, apartFrom discarded: VirtualRange?, from reserve: inout TableReserve<M>,
        frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var start = range.start
        while let address = firstShared(in: VirtualRange(start, to: range.end)) {
            let entry = sharedEntry(at: address)
            let table = TableGeometry.tableRange(of: address, at: Granule.lastLevel)
            let isDropped = discarded.map { $0.contains(table) } ?? false
            if records.count(of: tables.load(entry).frame) == 1 {
                adoptTable(at: entry, of: address, frames: &frames)
            } else if !isDropped {
                try copyTable(at: entry, of: address, into: reserve.takeTable(), frames: &frames)
            }
            start = min(table.end, range.end)
        }
    }

    /// Drops this address space's part of the tables in `range` that are still shared: nothing in it is to stay.
    private mutating func dropTables(in range: VirtualRange, frames: inout FrameAllocator<M>) {
        var start = range.start
        while sharedTables > 0, let address = firstShared(in: VirtualRange(start, to: range.end)) {
            let parent = tables.table(at: Granule.lastLevel - 1, towards: address)
            guard let parent else { preconditionFailure("a marked descriptor lies in a table") }
            let old = Descriptor(
                rawValue: machine.exchange(Descriptor.free.rawValue, at: parent.entry(for: address)))
            tables.count(entries: -1, in: parent.table)
            sharedTables -= 1
            var batch = makeBatch()
            batch.invalidateTable(TableGeometry.tableRange(of: address, at: Granule.lastLevel))
            batch.retireSharedTable(Frame(adopting: old.frame), of: address, frames: &frames)
            tables.removeEmptyTables(towards: address, into: &batch)
            batch.complete(frames: &frames)
            start = TableGeometry.tableRange(of: address, at: Granule.lastLevel).end
        }
    }

    /// Takes over a table whose other owners have gone: what its pages' frames allow is computed anew, then the mark
    /// goes.
    private mutating func adoptTable(
        at entry: PhysicalAddress, of address: VirtualAddress, frames: inout FrameAllocator<M>
    ) {
        let table = tables.load(entry).frame
        var left = records.tableRecord(of: table).resident
        var index = 0
        var seen: AttributeClass?
        var set = AttributeSet.none
        while left > 0, let found = tables.firstInUse(of: table, from: index) {
            index = found &+ 1
            let slot = TableGeometry.entry(found, of: table)
            let descriptor = tables.load(slot)
            if descriptor.isResident {
                left &-= 1
                if descriptor.isValid {
                    if descriptor.attributeClass != seen {
                        seen = descriptor.attributeClass
                        set = attributes[descriptor.attributeClass]
                    }
                    let isSole = frames.isSoleOwner(descriptor.frame)
                    let mayWrite = HardwareRights(of: set, soleOwner: isSole).contains(.write)
                    // Shared pages were writable, or clean, all the time.
                    if !set.contains(.shared) && mayWrite != descriptor.userRights.contains(.write) {
                        tables.setWritable(mayWrite, at: slot, from: descriptor)
                    }
                }
            }
        }
        machine.orderTableWrites()
        machine.store(Descriptor.table(table).rawValue, at: entry)
        sharedTables -= 1
        // A TLB may still refuse writes everywhere below the mark: each would fault for ever.
        var batch = makeBatch()
        batch.invalidateTable(TableGeometry.tableRange(of: address, at: Granule.lastLevel))
        batch.complete(frames: &frames)
    }

    /// Replaces a table that others own too by a copy.
    /// - Throws: ``MapError/outOfMemory`` where the count of a page's frame is at its limit; then nothing has changed.
    private mutating func copyTable(
        at entry: PhysicalAddress, of address: VirtualAddress, into copy: consuming Frame,
        frames: inout FrameAllocator<M>
    ) throws(MapError) {
        let table = tables.load(entry).frame
        let staysWritable: Bool
        do throws(MapError) {
            staysWritable = try copyEntries(of: table, to: copy.number)
        } catch {
            giveBackEntries(of: copy.number, frames: &frames)
            frames.release(copy)
            throw error
        }
        // The walkers must not see the copy before its content (Arm ARM B2.3.12). Another table is another output
        // address: break before make (Arm ARM D8.14.1). What TLBs know of pages stays true: read-only, the same frames.
        _ = machine.exchange(Descriptor.free.rawValue, at: entry)
        var batch = makeBatch()
        if staysWritable { batch.invalidateTable(TableGeometry.tableRange(of: address, at: Granule.lastLevel)) }
        batch.retireSharedTable(Frame(adopting: table), of: address, frames: &frames)
        batch.complete(frames: &frames)
        machine.store(Descriptor.table(copy.relinquish()).rawValue, at: entry)
        machine.orderTableWrites()
        sharedTables -= 1
    }

    /// Writes the entries of `table` to `copy`, which is a table of free entries, with a reference for each page's
    /// frame, and takes write away from private pages in both. Where that fails, pages that lost it in `table` get it
    /// back when its last owner takes it over; nobody could write below the mark anyway.
    /// - Returns: whether a page may be written that TLBs know as read-only, being shared on purpose.
    /// - Throws: ``MapError/outOfMemory`` where a frame's count is at its limit; the copy's record then counts the
    ///   references that it holds.
    @inline(__always) private func copyEntries(
        of table: FrameNumber, to copy: FrameNumber
    ) throws(MapError) -> Bool {
        let record = records.tableRecord(of: table)
        var left = record.entriesInUse
        var held = 0
        var source = TableGeometry.entry(0, of: table)
        var target = TableGeometry.entry(0, of: copy)
        var seen: AttributeClass?
        var isPrivate = false
        var staysWritable = false
        while left > 0 {
            var descriptor = tables.load(source)
            if isPrivate, let seen {
                // Nearly all that a program has: entries that nobody else changes, of private pages that had one owner.
                let before = left
                while descriptor.isSteadyPage(of: seen), records.retainOnlyAnonymous(descriptor.frame) {
                    let restricted = descriptor.rawValue | DescriptorLayout.readOnly.mask
                    machine.store(restricted, at: source)
                    machine.store(restricted, at: target)
                    source = source.nextEntry
                    target = target.nextEntry
                    left &-= 1
                    guard left != 0 else { break }
                    descriptor = tables.load(source)
                }
                held &+= before &- left
                guard left > 0 else { break }
            }
            if descriptor.isFree {
                let index = TableGeometry.index(ofEntryAt: source)
                guard let used = tables.firstInUse(of: source.frame, from: index) else { break }
                source = TableGeometry.entry(used, of: source.frame)
                target = TableGeometry.entry(used, of: target.frame)
                continue
            }
            left &-= 1
            if descriptor.isResident {
                do throws(FrameError) {
                    try records.retain(descriptor.frame)
                } catch {
                    var partial = TableRecord.empty
                    partial.entriesInUse = record.entriesInUse &- left &- 1
                    partial.resident = held
                    partial.namesObjects = record.namesObjects
                    records.setTableRecord(partial, of: copy)
                    throw .outOfMemory
                }
                held &+= 1
                if descriptor.isValid {
                    if descriptor.attributeClass != seen {
                        seen = descriptor.attributeClass
                        isPrivate = !attributes[descriptor.attributeClass].contains(.shared)
                    }
                    if isPrivate {
                        let restricted = descriptor.writeProtected
                        if descriptor != restricted { tables.setWritable(false, at: source, from: descriptor) }
                        descriptor = restricted
                    } else {
                        staysWritable = true
                    }
                }
            }
            if record.namesObjects { addMappedPages(of: descriptor, at: Granule.lastLevel) }
            machine.store(descriptor.rawValue, at: target)
            source = source.nextEntry
            target = target.nextEntry
        }
        records.setTableRecord(record, of: copy)
        return staysWritable
    }

    /// Takes write away from every private resident page of `table`, whose frames have other owners now.
    func writeProtect(_ table: FrameNumber) {
        var left = records.tableRecord(of: table).resident
        var index = 0
        while left > 0, let found = tables.firstInUse(of: table, from: index) {
            index = found &+ 1
            let entry = TableGeometry.entry(found, of: table)
            let descriptor = tables.load(entry)
            if descriptor.isResident {
                left &-= 1
                if descriptor.isValid, descriptor != descriptor.writeProtected,
                    !attributes[descriptor.attributeClass].contains(.shared)
                {
                    tables.setWritable(false, at: entry, from: descriptor)
                }
            }
        }
    }
}

extension TranslationTables {
    /// Changes whether a valid page entry grants write, without losing what the hardware sets meanwhile.
    @inline(__always) func setWritable(_ isWritable: Bool, at entry: PhysicalAddress, from found: Descriptor) {
        var old = found
        while true {
            let new = isWritable ? old.writable : old.writeProtected
            let found = machine.compareExchange(expected: old.rawValue, desired: new.rawValue, at: entry)
            if found == old.rawValue { return }
            old = Descriptor(rawValue: found)
        }
    }
}
