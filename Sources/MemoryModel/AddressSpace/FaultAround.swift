/// What a read of an object's page maps beside it.
///
/// As Linux mm/memory.c (`do_fault_around`) and mm/filemap.c (`filemap_map_pages`): the pages of the same mapping within
/// the 64 KiB around it, at a multiple of 64 KiB, whose content is in memory already. Nothing is fetched, copied or
/// taken for a guess, so it costs no frame and can't fail; a page that is left out faults by itself.
struct FaultAround<M: Hardware> {
    let table: FrameNumber
    let tables: TranslationTables<M>
    let objects: ObjectTable<M>
    /// The table of the object's tree that the pages are looked for in.
    let leaf: FrameNumber
    /// What the page's own entry said before the fault.
    let reserved: Descriptor
    /// The entry of a page of that mapping, for whatever frame.
    let template: Descriptor
    /// Whether a first write must be noticed, should the page be clean.
    let mayWrite: Bool
    let mustPublish: Bool
    let hardwareTracksUse: Bool

    /// 64 KiB, or one page where that is more; a power of two, and at most a table's entries.
    @inlinable static var pages: Int { max(1, (1 << 16) >> Int(Granule.shift)) }

    /// Maps the entries on one side of the page's own as far as they continue the mapping.
    /// - Parameters:
    ///   - index: the page's own entry.
    ///   - slot: its word in `leaf`.
    ///   - count: how many entries and words there are on that side.
    ///   - step: 1 for those above, -1 for those below.
    /// - Returns: how many pages were mapped.
    @inline(__always) func map(beside index: Int, slot: Int, count: Int, step: Int) -> Int {
        var entry = TableGeometry.entry(index, of: table)
        var slot = TableGeometry.entry(slot, of: leaf)
        let stride = TableGeometry.entrySize.rawValue &* UInt64(truncatingIfNeeded: step)
        let oneFurther = InvalidEntryLayout.pageIndex.word(1) &* UInt64(truncatingIfNeeded: step)
        var expected = reserved.rawValue
        var mapped = 0
        var left = count
        while left > 0 {
            entry = PhysicalAddress(entry.rawValue &+ stride)
            slot = PhysicalAddress(slot.rawValue &+ stride)
            expected &+= oneFurther
            left &-= 1
            let found = tables.load(entry)
            if found.rawValue == expected {
                guard let frame = objects.page(in: slot), retain(frame) else { continue }
                show(frame, at: entry)
                mapped &+= 1
            } else if !found.isResident || found.attributeClass != reserved.attributeClass {
                // Another mapping; or the same object side by side with another part of itself.
                break
            }
        }
        return mapped
    }

    @inline(__always) private func retain(_ frame: FrameNumber) -> Bool {
        do throws(FrameError) {
            try tables.records.retain(frame)
            return true
        } catch {
            return false
        }
    }

    @inline(__always) private func show(_ frame: FrameNumber, at entry: PhysicalAddress) {
        if mustPublish { tables.machine.publishInstructions(in: frame) }
        var page = template.replacing(frame)
        if mayWrite && !tables.records.isDirty(frame) {
            page = page.noticingFirstWrite(byHardware: hardwareTracksUse)
        }
        // Nobody has used it: the hardware says so when somebody does, where it can.
        if hardwareTracksUse { page = page.clearingAccessed }
        tables.machine.store(page.rawValue, at: entry)
    }
}

extension AddressSpace {
    /// Maps what lies around entry `index` of `table`, a last-level table that nobody shares, for an access that is no
    /// write. The caller has completed all cleaning, and orders the table's writes afterwards.
    ///
    /// - Parameters:
    ///   - reserved: what that entry said, before it got its page.
    ///   - set: its attributes, which allow the access.
    /// - Returns: how many pages were mapped.
    @inline(never) func mapAround(
        _ index: Int, of table: FrameNumber, _ reserved: Descriptor, _ set: AttributeSet
    ) -> Int {
        let objects = objects
        guard let (leaf, slot) = objects.leaf(for: reserved.pageIndex, of: reserved.object) else { return 0 }
        let rights = HardwareRights(of: set, soleOwner: false)
        let around = FaultAround(
            table: table, tables: tables, objects: objects, leaf: leaf, reserved: reserved,
            template: Descriptor.page(FrameNumber(0), class: reserved.attributeClass, rights: rights),
            mayWrite: rights.contains(.write), mustPublish: rights.contains(.execute),
            hardwareTracksUse: kernel.hardwareTracksDirtyPages)
        let start = index & ~(FaultAround<M>.pages - 1)
        // Pages may be kept beyond an object's end, where nobody is to see them; the page itself lies before it.
        let left = objects.pageCount(of: reserved.object) - UInt64(reserved.pageIndex.rawValue)
        let end = min(start + FaultAround<M>.pages - index, Granule.entriesPerTable - slot)
        let above = Int(truncatingIfNeeded: min(UInt64(truncatingIfNeeded: end), left)) - 1
        let below = min(index - start, slot)
        return around.map(beside: index, slot: slot, count: above, step: 1)
            + around.map(beside: index, slot: slot, count: below, step: -1)
    }
}
