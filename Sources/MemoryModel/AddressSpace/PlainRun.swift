/// The short ways: what most calls come to is a few pages that are alike, with nothing special about them, in one
/// last-level table. For these each does what the cursor would do, at a third of its cost.
///
/// Whether a call may take one is decided here alone, by what ``AddressSpace/ownRun(of:)`` and
/// ``AddressSpace/plainRun(of:)`` say. An attribute that is not listed as ordinary closes them all, so what a new one
/// means has to be said in the general way only.
extension AttributeSet {
    /// The attributes that make no difference to who maps, unmaps, discards, protects or first touches a page: what was
    /// asked for, apart from execution, and what is only to be told again.
    static var ordinary: AttributeSet {
        .read | .write | .mayEverything | .accounted | .noReserve | .heap | .dontDump | .sequentialRead | .randomRead
            | .hugePage | .noHugePage | .mergeable | .nameMask
    }

    /// Whether there is nothing special about pages with these attributes.
    @inline(__always) var isOrdinary: Bool { rawValue & ~AttributeSet.ordinary.rawValue == 0 }

    /// Whether pages with these attributes are ordinary memory to who makes such an access, which is allowed: a page that
    /// is not resident may as well be, and nobody else sees what is written.
    @inline(__always) func isOrdinary(for access: Access) -> Bool {
        let right: AttributeSet = access == .write ? .write : .read
        return access != .execute && rawValue & (right.rawValue | ~AttributeSet.ordinary.rawValue) == right.rawValue
    }
}

/// Adjacent entries of a last-level table that belongs to one address space.
struct TableRun {
    let table: FrameNumber
    /// Where the first entry lies, and how many there are.
    let entry: PhysicalAddress
    let count: UInt64
    /// Whether they are the table's last.
    let endsTable: Bool
}

/// Pages of a ``TableRun`` that are all mapped and all alike: private, ordinary, and their entries changed by nobody but
/// who holds the address space. Untouched anonymous memory, or resident pages of whatever origin.
struct PlainRun {
    let run: TableRun
    /// What the first entry says.
    let first: Descriptor
    let set: AttributeSet
}

extension AddressSpace {
    /// The entries of a range that lie in one last-level table, which nobody shares.
    @inline(__always) func ownRun(of range: VirtualRange) -> TableRun? {
        let first = UInt64(truncatingIfNeeded: TableGeometry.index(of: range.start, at: Granule.lastLevel))
        let count = range.pageCount
        let end = first &+ count
        guard layout.contains(range), end <= UInt64(Granule.entriesPerTable),
            let table = tables.lastTable(towards: range.start), !table.isSharedTable
        else { return nil }
        return TableRun(
            table: table.frame, entry: TableGeometry.entry(Int(truncatingIfNeeded: first), of: table.frame), count: count,
            endsTable: end == UInt64(Granule.entriesPerTable))
    }

    /// The pages of a range, where all are as ``PlainRun`` says.
    @inline(__always) func plainRun(of range: VirtualRange) -> PlainRun? {
        guard let run = ownRun(of: range) else { return nil }
        let first = tables.load(run.entry)
        guard first.isPlain else { return nil }
        let set = attributes[first.attributeClass]
        guard set.isOrdinary,
            run.count == 1
                || tables.run(from: run.entry, atMost: run.count, saying: first, in: first.plainMask) == run.count
        else { return nil }
        return PlainRun(run: run, first: first, set: set)
    }

    /// The entries of a range where all are free.
    @inline(__always) func freeRun(of range: VirtualRange) -> TableRun? {
        guard let run = ownRun(of: range), tables.areFree(run.entry, run.count) else { return nil }
        return run
    }

    /// Whether nothing but the entries themselves holds what a plain run maps: untouched pages, or one of anonymous memory
    /// that nobody else has.
    @inline(__always) private func isOnly(_ plain: PlainRun) -> Bool {
        !plain.first.isValid || (plain.run.count == 1 && records.isOnlyAnonymous(plain.first.frame))
    }

    // MARK: mmap, brk

    /// Reserves the first pages of a run that is free, `length` of them.
    @inline(__always) func reserve(_ run: TableRun, _ length: ByteCount, as attributes: AttributeClass) {
        let pages = length.wholePages
        write(Descriptor.reserved(attributes), to: run, pages)
        records.count(entries: Int(truncatingIfNeeded: pages), resident: 0, in: run.table)
    }

    /// Maps anonymous memory at the next-fit pointer below the kernel, where a search would lead to.
    /// - Returns: its first address, or nil where it is not so simple, with nothing changed.
    @inline(__always) mutating func mapAtNextFit(
        _ length: ByteCount, as attributes: AttributeClass
    ) -> VirtualAddress? {
        let start = nextFitLow
        guard length <= mapRegion.end - start, let run = freeRun(of: VirtualRange(start, to: start + length)) else {
            return nil
        }
        reserve(run, length, as: attributes)
        nextFitLow = start + length
        return start
    }

    // MARK: munmap, madvise, mprotect

    /// Frees a plain run below the kernel.
    /// - Returns: false where it is not so simple, with nothing changed.
    @inline(__always) mutating func unmapPlain(_ range: VirtualRange, frames: inout FrameAllocator<M>) -> Bool {
        // A range that ends with its table may take the pointer out of the next one.
        guard range.end <= layout.low.end, let plain = plainRun(of: range), !plain.run.endsTable, isOnly(plain) else {
            return false
        }
        let pages = Int(truncatingIfNeeded: plain.run.count)
        var record = records.tableRecord(of: plain.run.table)
        if range.start < nextFitLow && nextFitLow <= range.end {
            nextFitLow = max(range.start, layout.mapBase)
        } else if record.entriesInUse == pages && !isWarm(range.start) {
            return false
        }
        record.add(entries: 0 &- pages, resident: plain.first.isValid ? 0 &- pages : 0)
        records.setTableRecord(record, of: plain.run.table)
        write(.free, to: plain.run, plain.run.count)
        if plain.first.isValid { retire(Frame(adopting: plain.first.frame), of: range.start, frames: &frames) }
        return true
    }

    /// Makes a change of a plain run that leaves its attributes as they are.
    /// - Returns: false where it is not so simple, with nothing changed.
    @inline(__always) mutating func applyPlain(
        _ change: RangeChange, over range: VirtualRange, frames: inout FrameAllocator<M>
    ) -> Bool {
        guard let plain = plainRun(of: range), isOnly(plain), !change.isRefused(by: plain.set),
            change.changed(plain.set) == plain.set
        else { return false }
        guard change.discards && plain.first.isValid else { return true }
        machine.store(Descriptor.reserved(plain.first.attributeClass).rawValue, at: plain.run.entry)
        records.count(entries: 0, resident: -1, in: plain.run.table)
        retire(Frame(adopting: plain.first.frame), of: range.start, frames: &frames)
        return true
    }

    /// Changes what a program may do with a plain run, which stays ordinary.
    /// - Returns: false where it is not so simple, with nothing changed.
    @inline(__always) mutating func protectPlain(
        _ range: VirtualRange, _ protection: Protection, frames: borrowing FrameAllocator<M>
    ) throws(MapError) -> Bool {
        guard let plain = plainRun(of: range), plain.set.mayGrant(protection) else { return false }
        let set = plain.set.replacing(protection)
        guard set.isOrdinary, set.isPrivateData else { return false }
        let attributes = try intern(set)
        let (_, haveOtherRights) = changePlainPages(
            from: plain.run.entry, atMost: plain.run.count, like: plain.first, to: attributes, set,
            tableIsOwned: protection.contains(.write) && frames.isSoleOwner(plain.run.table), frames: frames)
        if haveOtherRights { invalidate(range) } else { machine.orderTableWrites() }
        return true
    }

    /// Writes the first `count` entries of a run: no walker writes to them.
    @inline(__always) private func write(_ descriptor: Descriptor, to run: TableRun, _ count: UInt64) {
        var index: UInt64 = 0
        repeat {
            machine.store(descriptor.rawValue, at: run.entry.entry(behind: index))
            index &+= 1
        } while index < count
    }
}
