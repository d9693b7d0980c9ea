/// Mappings of objects: files and shared memory.
///
/// An entry that belongs to such a mapping names its object: a reserved one by number and page index, a resident one
/// through its frame's origin, which says so of the page cache's own frame and of a private copy alike. Each such page
/// counts as a mapped page of the object; tables hold these counts, so a table shared since a fork adds none.
extension AddressSpace {
    // MARK: Mapping

    /// Makes every page of `range` show an object's, whatever it was before. All that can fail is done before the first
    /// change.
    @inline(never) mutating func reserve(
        _ range: VirtualRange, as attributes: AttributeClass, of object: MappedObject,
        frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var cursor = try cursor(over: range, filling: true, frames: &frames)
        // First: what is removed may be the last mapping of the same object.
        objects.addMappedPages(range.pageCount, to: object.number)
        let first = Descriptor.reservedFile(attributes, object: object.number, pageIndex: object.firstPage)
        var batch = makeBatch()
        repeat {
            cursor.noteObjects()
            repeat {
                let new = first.advanced(byPages: (cursor.position - range.start).wholePages)
                cursor.remove(cursor.descriptor, replacingWith: new, into: &batch, frames: &frames)
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
        batch.complete(frames: &frames)
    }

    /// Fails where ``map(_:frames:)`` would for the place or length that a request asks for. Linux looks at these before
    /// it looks at what is to be mapped (mm/mmap.c, do_mmap).
    public func checkPlacement(_ request: MapRequest) throws(MapError) {
        guard request.length > .zero else { throw .invalidArgument }
        guard let length = request.length.roundedUpToPages,
            length <= AddressSpaceLayout.addressLimit - VirtualAddress(0)
        else { throw .outOfMemory }
        switch request.placement {
        case .anywhere(let hint):
            guard usableRange(hint: hint, length: length) != nil || findRoom(for: length) != nil else {
                throw .outOfMemory
            }
        case .fixed(let start):
            _ = try fixedRange(start, length: length)
        case .fixedNoReplace(let start):
            guard tables.isFree(try fixedRange(start, length: length)) else { throw .exists }
        }
    }

    // MARK: Faults

    /// Gives an untouched page of an object its frame: the object's own, or to who writes to a private mapping a copy.
    @inline(never) mutating func fillFromObject(
        _ page: VirtualAddress, in place: TablePosition, _ old: Descriptor, _ set: AttributeSet, access: Access,
        frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FaultOutcome {
        let offset = (page - TableGeometry.start(of: page, at: place.level)).wholePages
        let index = old.advanced(byPages: offset).pageIndex
        let source: FrameNumber
        let isFetched: Bool
        do throws(ObjectError) {
            let fetchedBefore = objects.fetchedPages
            source = try objects.makePage(index, of: old.object, frames: &frames)
            isFetched = objects.fetchedPages != fetchedBefore
        } catch {
            switch error {
            case .beyondEnd: throw .beyondEnd
            case .outOfMemory: throw .outOfMemory
            case .overcommitted: throw .overcommitted
            }
        }
        let isCopied = access == .write && !set.contains(.shared)
        let frame: Frame
        if isCopied {
            guard let copy = frames.take(.anonymous) else { throw .outOfMemory }
            copyPage(source, to: copy.number)
            frame = copy
        } else {
            do throws(FrameError) { frame = try frames.share(source) } catch { throw .outOfMemory }
        }
        var place = place
        if place.level < Granule.lastLevel {
            guard makeEntry(for: page, in: &place, growth: nil, frames: &frames) else {
                frames.release(frame)
                throw .outOfMemory
            }
        }
        if set.contains(.execute) { machine.publishInstructions(in: frame.number) }
        machine.completeCleaning()
        if access == .write && !isCopied { objects.markDirty(source) }
        let rights = HardwareRights(of: set, soleOwner: isCopied)
        var new = Descriptor.page(frame.relinquish(), class: old.attributeClass, rights: rights)
        if rights.contains(.write) && !isCopied && !records.isDirty(source) {
            new = new.noticingFirstWrite(byHardware: kernel.hardwareTracksDirtyPages)
        }
        machine.store(new.rawValue, at: place.entry(for: page))
        var mapped = 1
        if access != .write {
            let entry = TableGeometry.index(of: page, at: Granule.lastLevel)
            mapped += mapAround(entry, of: place.table, old.advanced(byPages: offset), set)
        }
        tables.count(resident: mapped, in: place.table)
        machine.orderTableWrites()
        return isFetched ? .pageFetched : isCopied ? .copied : .objectPage
    }

    /// Gives a resident page of a shared mapping new rights and a new class (``Cursor/change(_:to:_:isClean:into:)``).
    @inline(never) func changeShared(
        _ old: Descriptor, to rights: HardwareRights, _ attributes: AttributeClass, at cursor: inout Cursor<M>,
        into batch: inout InvalidationBatch<M>
    ) {
        let frame = old.frame
        let isClean = rights.contains(.write) && !records.isDirty(frame)
        let last = cursor.change(
            old, to: isClean ? rights.subtracting(.write) : rights, attributes,
            isClean: isClean && kernel.hardwareTracksDirtyPages, into: &batch)
        // The hardware may have made it writable until then.
        if last.userRights.contains(.write) { objects.markDirty(frame) }
    }

    /// Fills a frame that was just taken with a copy of another's page. A copy of an object's page keeps its origin, so
    /// that the page shows the object's again where the copy is discarded.
    @inline(__always) func copyPage(_ source: FrameNumber, to copy: FrameNumber) {
        machine.copy(from: source, to: copy)
        if records.isAnonymous(source) { return }
        copyOrigin(of: source, to: copy)
    }

    @inline(never) private func copyOrigin(of source: FrameNumber, to copy: FrameNumber) {
        guard records.record(of: source).kind.hasOrigin else { return }
        records.setKind(.copiedFilePage, of: copy)
        records.setOrigin(records.origin(of: source), of: copy)
    }

    // MARK: References

    /// The object that an entry names, if it belongs to a mapping of one.
    func object(of descriptor: Descriptor) -> ObjectNumber? {
        if descriptor.isReservedFile { return descriptor.object }
        guard descriptor.isResident, records.record(of: descriptor.frame).kind.hasOrigin else { return nil }
        return ObjectNumber(records.origin(of: descriptor.frame).object)
    }

    /// Counts the pages of an entry that was copied to another table.
    func addMappedPages(of descriptor: Descriptor, at level: Int) {
        guard let object = object(of: descriptor) else { return }
        objects.addMappedPages(TableGeometry.span(at: level).wholePages, to: object)
    }

    /// Counts the pages of an entry that was copied to `table`, and notes there that it names an object.
    func addMappedPages(of descriptor: Descriptor, at level: Int, to table: FrameNumber) {
        guard descriptor.isReservedFile else { return }
        addMappedPages(of: descriptor, at: level)
        var record = records.tableRecord(of: table)
        record.namesObjects = true
        records.setTableRecord(record, of: table)
    }

    /// Notes that the page of an object that an entry names may have been written, where the hardware alone knew.
    private func noteWrites(through descriptor: Descriptor) {
        guard descriptor.isValid, descriptor.userRights.contains(.write),
            records.record(of: descriptor.frame).kind == .cachedFilePage
        else { return }
        objects.markDirty(descriptor.frame)
    }

    /// Drops the references on objects that a table's entries hold. Before those on frames: these say which objects.
    func releaseObjects(of visit: TableIterator<M>.Visit, frames: inout FrameAllocator<M>) {
        let level = visit.position.level
        let span = TableGeometry.span(at: level).wholePages
        var last = ObjectNumber(0)
        var pages: UInt64 = 0
        var entries = EntriesInUse(tables, of: visit.position.table)
        while let (index, descriptor) = entries.next() {
            guard !descriptor.isTable(at: level), !kernel.owns(index, at: level, firstAddress: visit.start),
                let object = object(of: descriptor)
            else { continue }
            noteWrites(through: descriptor)
            if object != last && pages > 0 {
                objects.removeMappedPages(pages, from: last, frames: &frames)
                pages = 0
            }
            last = object
            pages += span
        }
        if pages > 0 { objects.removeMappedPages(pages, from: last, frames: &frames) }
    }

    /// Drops what the entries of a last-level table hold that no CPU has walked.
    func giveBackEntries(of table: FrameNumber, frames: inout FrameAllocator<M>) {
        if records.tableRecord(of: table).namesObjects {
            let place = TablePosition(table: table, level: Granule.lastLevel)
            releaseObjects(of: .init(position: place, start: VirtualAddress(0)), frames: &frames)
        }
        releasePages(of: table, frames: &frames)
    }

    // MARK: Truncation

    /// Takes an object's pages out of this address space's entries, which stay mapped: the next touch asks the object
    /// again. For who truncates the object or makes a hole in it, or wants its clean pages back.
    ///
    /// Also edits tables that are shared since a fork, for all their owners, and therefore invalidates every ASID.
    ///
    /// - Parameters:
    ///   - first: the first page of the object that goes.
    ///   - end: the first one beyond; nil where all go.
    ///   - includingCopies: whether private copies go too, as with truncation (Linux mm/memory.c,
    ///     `unmap_mapping_range` with `even_cows`).
    public mutating func forget(
        _ object: ObjectNumber, from first: PageIndex, to end: PageIndex? = nil, includingCopies: Bool,
        frames: inout FrameAllocator<M>
    ) {
        var batch = InvalidationBatch(machine: machine, records: records, kernel: kernel, asid: asid, isForAll: true)
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            guard visit.position.level == Granule.lastLevel,
                records.tableRecord(of: visit.position.table).namesObjects
            else { continue }
            var cursor = Cursor(
                tables, over: TableGeometry.tableRange(of: visit.start, at: Granule.lastLevel))
            repeat {
                let old = cursor.descriptor
                guard old.isResident else { continue }
                let kind = records.record(of: old.frame).kind
                guard kind == .cachedFilePage || (includingCopies && kind == .copiedFilePage) else { continue }
                let origin = records.origin(of: old.frame)
                guard origin.object == object.rawValue, origin.page >= first.rawValue,
                    end.map({ origin.page < $0.rawValue }) ?? true
                else { continue }
                cursor.discard(old, into: &batch, frames: &frames)
            } while cursor.moveWithinTable()
            cursor.settle()
        }
        batch.complete(frames: &frames)
    }

    /// Whether a shared mapping of the object is, or may be made, writable: what `F_SEAL_WRITE` must not find
    /// (Linux mm/memfd.c, `memfd_add_seals`; there the count `i_mmap_writable`).
    public func mapsWritably(_ object: ObjectNumber) -> Bool {
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            guard records.tableRecord(of: visit.position.table).namesObjects else { continue }
            let level = visit.position.level
            var entries = EntriesInUse(tables, of: visit.position.table)
            while let (index, descriptor) = entries.next() {
                guard !descriptor.isTable(at: level), !kernel.owns(index, at: level, firstAddress: visit.start),
                    self.object(of: descriptor) == object
                else { continue }
                if attributes[descriptor.attributeClass].contains(.shared | .mayWrite) { return true }
            }
        }
        return false
    }
}
