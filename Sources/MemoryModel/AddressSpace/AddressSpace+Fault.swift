/// Page faults: what a touch of an entry that does not allow it leads to.
extension AddressSpace {
    /// Makes an access succeed that the hardware refused, or says why it may not.
    ///
    /// The entry is read again first and decides alone, whatever the fault's status said: a fault that somebody else
    /// has resolved is no error, and a permission fault is not taken for a missing page.
    ///
    /// - Parameter address: any byte of the page, tag removed.
    /// - Throws: ``FaultError``, with everything as it was.
    public mutating func resolveFault(
        at address: VirtualAddress, access: Access, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FaultOutcome {
        let page = address.roundedDownToPage
        // What programs fault for most comes first: fresh memory, then the first write to a private page.
        if page < AddressSpaceLayout.addressLimit, let table = tables.lastTable(towards: page), !table.isSharedTable {
            let index = TableGeometry.index(of: page, at: Granule.lastLevel)
            let entry = TableGeometry.entry(index, of: table.frame)
            let old = tables.load(entry)
            if old.isReservedAnonymous {
                let set = attributes[old.attributeClass]
                if set.isOrdinary(for: access) {
                    return try fillFresh(page, at: index, of: table.frame, old, set, access: access, frames: &frames)
                }
            } else if access == .write, old.isValid, !old.userRights.contains(.write), layout.contains(page) {
                let set = attributes[old.attributeClass]
                if set.allows(.write) {
                    return try makeWritable(page, at: entry, of: table.frame, with: set, frames: &frames)
                }
            }
        }
        return try resolveAny(page, access, frames: &frames)
    }

    /// Resolves a fault on any page.
    @inline(never) private mutating func resolveAny(
        _ page: VirtualAddress, _ access: Access, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FaultOutcome {
        guard layout.contains(page) else { throw .notMapped }
        var place = tables.deepest(towards: page)
        var old = tables.load(place.entry(for: page))
        let growth = old.isFree ? try stackGrowth(to: page) : nil
        let attributes = growth?.attributes ?? old.attributeClass
        let set = self.attributes[attributes]
        guard set.allows(access) else { throw set.contains(.guardPage) ? .guarded : .accessDenied }
        if sharedTables > 0 && (access == .write || !old.isResident) {
            // What the entry becomes is nothing to the other owners of its table.
            if try unshare(growth?.range ?? VirtualRange(page, to: page + Granule.size), frames: &frames) {
                place = tables.deepest(towards: page)
                old = tables.load(place.entry(for: page))
                if old.userRights.contains(.write) && old.isAccessed { return .madeWritable }
            }
        }
        if !old.isResident {
            if old.isReservedFile {
                return try fillFromObject(page, in: place, old, set, access: access, frames: &frames)
            }
            return try fill(page, in: place, attributes, set, growth: growth, access: access, frames: &frames)
        }
        precondition(old.isValid, "a page without access has a class that allows none")
        if old.userRights.contains(access.right) {
            guard !old.isAccessed else { return .spurious }
            return markAccessed(page, in: place)
        }
        precondition(access == .write, "the hardware grants every right of a class but write")
        return try makeWritable(page, at: place.entry(for: page), of: place.table, with: set, frames: &frames)
    }

    /// Gives a page that was never touched its frame: the shared frame of zeroes to a reader, one of its own to a
    /// writer, and to who may execute, since that frame's content must be published.
    @inline(__always) private mutating func fill(
        _ page: VirtualAddress, in place: TablePosition, _ attributes: AttributeClass, _ set: AttributeSet,
        growth: StackGrowth?, access: Access, frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FaultOutcome {
        let frame: Frame
        let outcome: FaultOutcome
        if access == .read && !set.contains(.execute), let zero = shareZeroFrame() {
            frame = zero
            outcome = .sharedZero
        } else {
            guard let taken = frames.takeZeroed(.anonymous) else { throw .outOfMemory }
            frame = taken
            outcome = .zeroFilled
        }
        var place = place
        if growth != nil || place.level < Granule.lastLevel {
            guard makeEntry(for: page, in: &place, growth: growth, frames: &frames) else {
                frames.release(frame)
                throw .outOfMemory
            }
        }
        if set.contains(.execute) { machine.publishInstructions(in: frame.number) }
        machine.completeCleaning()
        let rights = HardwareRights(of: set, soleOwner: outcome == .zeroFilled)
        let new = Descriptor.page(frame.relinquish(), class: attributes, rights: rights)
        machine.store(new.rawValue, at: place.entry(for: page))
        tables.count(resident: 1, in: place.table)
        machine.orderTableWrites()
        _ = faultWindow.open(at: page)
        return outcome
    }

    /// Grows the stack as planned, and splits the reservation that `page` is part of down to the last level.
    /// - Returns: false where there are no frames for the tables; then nothing has changed.
    @inline(never) mutating func makeEntry(
        for page: VirtualAddress, in place: inout TablePosition, growth: StackGrowth?,
        frames: inout FrameAllocator<M>
    ) -> Bool {
        do throws(MapError) {
            // The page becomes an entry of a last-level table; what growing it adds are whole entries then.
            let range = VirtualRange(page, to: page + Granule.size)
            try tables.makeBoundaries(of: range, filling: true, frames: &frames)
            if let growth {
                try reserve(growth.range, as: growth.attributes, frames: &frames)
                if attributes[growth.attributes].contains(.accounted) { objects.promise(growth.range.pageCount) }
            }
        } catch {
            return false
        }
        place = tables.deepest(towards: page)
        return true
    }

    /// A reference on the frame of zeroes; nil where its count is at its limit, and a frame must be spent instead.
    @inline(__always) private func shareZeroFrame() -> Frame? {
        do throws(FrameError) {
            try records.retain(kernel.zeroFrame)
        } catch {
            return nil
        }
        return Frame(adopting: kernel.zeroFrame)
    }

    /// The first write to a page that its class lets the program write: in place where nobody else holds the frame,
    /// otherwise to a copy.
    @inline(never) private mutating func makeWritable(
        _ page: VirtualAddress, at entry: PhysicalAddress, of table: FrameNumber, with set: AttributeSet,
        frames: inout FrameAllocator<M>
    ) throws(FaultError) -> FaultOutcome {
        var old = tables.load(entry)
        // The tables above the last level always have one owner.
        let soleOwner = frames.isSoleOwner(old.frame) && frames.isSoleOwner(table)
        if HardwareRights(of: set, soleOwner: soleOwner).contains(.write) {
            while true {
                let new = Descriptor.page(
                    old.frame, class: old.attributeClass, rights: HardwareRights(of: set, soleOwner: true))
                let found = machine.compareExchange(expected: old.rawValue, desired: new.rawValue, at: entry)
                if found == old.rawValue { break }
                old = Descriptor(rawValue: found)
            }
            if set.contains(.shared) { objects.markDirty(old.frame) }
            // A TLB may still refuse the write: the next one would fault for ever.
            invalidate(page)
            return .madeWritable
        }
        let isZero = old.frame == kernel.zeroFrame
        guard let copy = isZero ? frames.takeZeroed(.anonymous) : frames.take(.anonymous) else { throw .outOfMemory }
        if !isZero { copyPage(old.frame, to: copy.number) }
        if set.contains(.execute) { machine.publishInstructions(in: copy.number) }
        machine.completeCleaning()
        // Another output address: break before make (Arm ARM D8.14.1). The old frame's reference is dropped only after
        // the invalidation, so that a reader on another CPU never sees a reused frame.
        let broken = Descriptor(rawValue: machine.exchange(Descriptor.free.rawValue, at: entry))
        retire(Frame(adopting: broken.frame), of: page, frames: &frames)
        let new = Descriptor.page(
            copy.relinquish(), class: broken.attributeClass, rights: HardwareRights(of: set, soleOwner: true))
        machine.store(new.rawValue, at: entry)
        machine.orderTableWrites()
        return .copied
    }

    /// Sets the access flag. No TLB holds an entry without it (Arm ARM D8.5.2), so nothing is invalidated.
    @inline(never) private mutating func markAccessed(_ page: VirtualAddress, in place: TablePosition) -> FaultOutcome {
        let entry = place.entry(for: page)
        var old = tables.load(entry)
        while true {
            let found = machine.compareExchange(
                expected: old.rawValue, desired: old.markedAccessed.rawValue, at: entry)
            if found == old.rawValue { break }
            old = Descriptor(rawValue: found)
        }
        machine.orderTableWrites()
        return .markedAccessed
    }

    /// How a mapping that grows down grows.
    struct StackGrowth {
        /// The pages that it gets.
        var range: VirtualRange
        /// Their class, which is that of the mapping's first page.
        var attributes: AttributeClass
    }

    /// How the mapping above a touched free page may be extended down to it, if it grows and has room to.
    ///
    /// As Linux mm/mmap.c (`expand_downwards`, `acct_stack_growth`): the mapping may then be at most as long as the
    /// stack limit, and between it and the mapping next below stays the guard gap, if that is accessible and does not grow.
    /// - Throws: ``FaultError/notMapped`` where none may, ``FaultError/overcommitted`` where that much may not be promised.
    @inline(never) private mutating func stackGrowth(to page: VirtualAddress) throws(FaultError) -> StackGrowth {
        let region = layout.low.contains(page) ? layout.low : layout.high
        let limit = roundedStackLimit
        let reach = region.end - page < limit ? region.end : page + limit
        guard page < reach, let above = tables.firstMapped(in: VirtualRange(page, to: reach)) else { throw .notMapped }
        let attributes = above.descriptor.attributeClass
        let set = self.attributes[attributes]
        guard set.contains(.growsDown) else { throw .notMapped }
        // Whatever ends within the limit is short enough; the stack itself always does where `reach` is its top.
        if reach < region.end {
            guard endOfMapping(set, from: above.address, in: region) <= reach else { throw .notMapped }
        }
        let gapStart = page - region.start < layout.stackGuardGap ? region.start : page - layout.stackGuardGap
        if gapStart < page, mustKeepDistance(in: VirtualRange(gapStart, to: page)) { throw .notMapped }
        let range = VirtualRange(page, to: above.address)
        guard (try? checkGrowth(by: range.length, of: self.attributes[attributes])) != nil else { throw .notMapped }
        if set.contains(.accounted), let left = objects.promisable, left < range.pageCount { throw .overcommitted }
        return StackGrowth(range: range, attributes: attributes)
    }

    private var roundedStackLimit: ByteCount { ByteCount(layout.stackLimit.rawValue & ~(Granule.size.rawValue - 1)) }

    /// Where the run of pages with the attributes `set` that begins at `start` ends. In a child several classes may have
    /// the same: those that only a lock told apart.
    private func endOfMapping(
        _ set: AttributeSet, from start: VirtualAddress, in region: VirtualRange
    ) -> VirtualAddress {
        var cursor = Cursor(tables, over: VirtualRange(start, to: region.end))
        repeat {
            let descriptor = cursor.descriptor
            if descriptor.isFree || attributes[descriptor.attributeClass] != set { return cursor.position }
        } while cursor.advance()
        return region.end
    }

    /// Whether the mapping that ends last in `gap` keeps its distance. It alone is asked, whatever lies below it.
    private func mustKeepDistance(in gap: VirtualRange) -> Bool {
        var last: AttributeClass?
        var cursor = Cursor(tables, over: gap)
        repeat {
            let descriptor = cursor.descriptor
            if !descriptor.isFree { last = descriptor.attributeClass }
        } while cursor.advance()
        guard let set = last.map({ attributes[$0] }) else { return false }
        return !set.contains(.growsDown) && !set.isDisjoint(with: .rightsMask)
    }
}
