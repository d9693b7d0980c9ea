/// The pages of an object that have a frame: a tree of tables keyed by page index.
///
/// A word of the tree is a frame's address with its `present` bit, or zero. The root's word also holds the tree's
/// height: 0 where it names page 0 itself, otherwise the number of tables on each path. A table's frame record counts
/// its words in use.
extension ObjectTable {
    private static var present: BitField { BitField("present", shift: 3, width: 1) }
    private static var height: BitField { BitField("height", shift: 0, width: 3) }

    private static func frame(in word: UInt64) -> FrameNumber { FrameNumber(DescriptorLayout.frame.value(in: word)) }

    private static func word(of frame: FrameNumber) -> UInt64 {
        DescriptorLayout.frame.word(frame.rawValue) | present.mask
    }

    /// Where the word for `index` lies in a table `height` tables above the pages.
    private static func slot(_ index: UInt64, at height: UInt64, of table: FrameNumber) -> PhysicalAddress {
        let shift = Granule.indexBits * (height - 1)
        return TableGeometry.entry(Int(truncatingIfNeeded: index >> shift & (1 << Granule.indexBits - 1)), of: table)
    }

    private static func covers(_ index: UInt64, height: UInt64) -> Bool { index >> (Granule.indexBits * height) == 0 }

    /// The frame of a page; nil where the page has none at the moment.
    public func page(_ index: PageIndex, of object: ObjectNumber) -> FrameNumber? {
        if let (table, slot) = leaf(for: index, of: object) { return page(in: TableGeometry.entry(slot, of: table)) }
        let root = get(.tree, of: object)
        // Page 0 alone needs no table.
        guard root != 0, Self.height.value(in: root) == 0, index.rawValue == 0 else { return nil }
        return Self.frame(in: root)
    }

    /// The tree's table that holds a page's word, and which word it is; nil where there is no such table.
    func leaf(for index: PageIndex, of object: ObjectNumber) -> (table: FrameNumber, slot: Int)? {
        let index = UInt64(index.rawValue)
        var word = get(.tree, of: object)
        var height = Self.height.value(in: word)
        guard height > 0, Self.covers(index, height: height) else { return nil }
        while height > 1 {
            word = machine.load(Self.slot(index, at: height, of: Self.frame(in: word)))
            guard word != 0 else { return nil }
            height -= 1
        }
        return (Self.frame(in: word), Int(truncatingIfNeeded: index & (1 << Granule.indexBits - 1)))
    }

    /// The frame that a word of such a table names; nil where the page has none at the moment.
    @inline(__always) func page(in slot: PhysicalAddress) -> FrameNumber? {
        let word = machine.load(slot)
        return word == 0 ? nil : Self.frame(in: word)
    }

    /// The frame of a page, which gets one now where it has none. The caller completes the cleaning before an entry
    /// that names the frame is published.
    /// - Throws: ``ObjectError``, with nothing changed.
    public func makePage(
        _ index: PageIndex, of object: ObjectNumber, frames: inout FrameAllocator<M>
    ) throws(ObjectError) -> FrameNumber {
        guard UInt64(index.rawValue) < pageCount(of: object) else { throw .beyondEnd }
        return try makePageEvenBeyondEnd(index, of: object, frames: &frames)
    }

    /// The same for a page that may lie beyond the end: of a file that is about to grow, or that keeps room there.
    /// - Throws: ``ObjectError/outOfMemory`` or ``ObjectError/overcommitted``, with nothing changed.
    public func makePageEvenBeyondEnd(
        _ index: PageIndex, of object: ObjectNumber, frames: inout FrameAllocator<M>
    ) throws(ObjectError) -> FrameNumber {
        if let frame = page(index, of: object) { return frame }
        let isPromised = isPromisedByPage(object)
        if isPromised, promisable == 0 { throw .overcommitted }
        var tables = FrameList(frameRecords)
        for _ in 0..<tablesMissing(for: UInt64(index.rawValue), of: object) {
            guard let table = frames.takeZeroed(.kernel) else {
                while let table = tables.popFirst() { frames.release(table) }
                throw .outOfMemory
            }
            tables.push(table)
        }
        guard let frame = frames.take(.cachedFilePage) else {
            while let table = tables.popFirst() { frames.release(table) }
            throw .outOfMemory
        }
        fill(frame.number, with: index, of: object)
        let number = frame.relinquish()
        insert(number, at: UInt64(index.rawValue), of: object, &tables)
        while let table = tables.popFirst() { frames.release(table) }
        if isPromised { promise(1) }
        return number
    }

    /// Gives a frame the content that a page has which nobody has touched.
    private func fill(_ frame: FrameNumber, with index: PageIndex, of object: ObjectNumber) {
        frameRecords.setOrigin(FrameOrigin(object: object.rawValue, page: index.rawValue), of: frame)
        let offset = ByteCount.pages(UInt64(index.rawValue))
        let backed = ByteCount(get(.backingSize, of: object))
        guard offset < backed else {
            machine.clear(frame)
            frameRecords.update(FrameRecord.State.unbacked, to: 1, of: frame)
            return
        }
        let fetches = directoryWord(Self.fetchCount)
        machine.store(machine.load(fetches) &+ 1, at: fetches)
        let source = PhysicalAddress(get(.backingStart, of: object)) + offset
        let count = min(backed - offset, Granule.size)
        if count < Granule.size { machine.clear(frame) }
        machine.copyBytes(from: source, to: frame.address, count: count)
        machine.clean(frame)
    }

    /// The tables that lack before `index` has a word.
    private func tablesMissing(for index: UInt64, of object: ObjectNumber) -> UInt64 {
        let root = get(.tree, of: object)
        var needed = Self.height.value(in: root)
        guard root != 0 else {
            needed = 0
            while !Self.covers(index, height: needed) { needed += 1 }
            return needed
        }
        let height = needed
        while !Self.covers(index, height: needed) { needed += 1 }
        let added = needed - height
        // Below the tables on top of the old root only the first words lead anywhere.
        var level = needed
        while level > height {
            let shift = Granule.indexBits * (level - 1)
            if index >> shift & (1 << Granule.indexBits - 1) != 0 { return added + level - 1 }
            level -= 1
        }
        var word = root
        while level > 0 {
            word = machine.load(Self.slot(index, at: level, of: Self.frame(in: word)))
            level -= 1
            if word == 0 { return added + level }
        }
        return added
    }

    private func insert(_ frame: FrameNumber, at index: UInt64, of object: ObjectNumber, _ tables: inout FrameList<M>) {
        func takeTable() -> FrameNumber {
            guard let table = tables.popFirst() else { preconditionFailure("as many tables as were counted") }
            let number = table.relinquish()
            frameRecords.setKind(.kernel, of: number)
            // A retired frame's links lay where the count lies now.
            frameRecords.setTableRecord(TableRecord(word: 0), of: number)
            return number
        }
        func write(_ word: UInt64, at slot: PhysicalAddress, of table: FrameNumber) {
            machine.store(word, at: slot)
            var record = frameRecords.tableRecord(of: table)
            record.entriesInUse += 1
            frameRecords.setTableRecord(record, of: table)
        }
        var root = get(.tree, of: object)
        var height = Self.height.value(in: root)
        while !Self.covers(index, height: height) {
            if root != 0 {
                let table = takeTable()
                write(Self.word(of: Self.frame(in: root)), at: Self.slot(0, at: height + 1, of: table), of: table)
                root = Self.word(of: table)
            }
            height += 1
        }
        if root == 0 { root = Self.word(of: height == 0 ? frame : takeTable()) }
        set(.tree, of: object, to: Self.word(of: Self.frame(in: root)) | height)
        var table = Self.frame(in: root)
        while height > 0 {
            let slot = Self.slot(index, at: height, of: table)
            let word = machine.load(slot)
            height -= 1
            if height == 0 {
                write(Self.word(of: frame), at: slot, of: table)
            } else if word == 0 {
                let next = takeTable()
                write(Self.word(of: next), at: slot, of: table)
                table = next
            } else {
                table = Self.frame(in: word)
            }
        }
        let count = word(.residentPages, of: object)
        machine.store(machine.load(count) + 1, at: count)
    }

    // MARK: Giving back

    /// The first page from `index` on that has a frame.
    public func nextPage(from index: PageIndex, of object: ObjectNumber) -> (index: PageIndex, frame: FrameNumber)? {
        let root = get(.tree, of: object)
        guard root != 0 else { return nil }
        var index = UInt64(index.rawValue)
        while Self.covers(index, height: Self.height.value(in: root)), index >> 32 == 0 {
            var word = root
            var height = Self.height.value(in: root)
            while height > 0 {
                word = machine.load(Self.slot(index, at: height, of: Self.frame(in: word)))
                if word == 0 { break }
                height -= 1
            }
            if word != 0 { return (PageIndex(UInt32(truncatingIfNeeded: index)), Self.frame(in: word)) }
            let shift = Granule.indexBits * (height - 1)
            index = (index >> shift + 1) << shift
        }
        return nil
    }

    /// Gives back the frames of the pages from `first` on, up to but not including `end` where that is given. No entry
    /// names them: every address space has forgotten them.
    public func dropPages(
        from first: PageIndex, to end: PageIndex? = nil, of object: ObjectNumber, frames: inout FrameAllocator<M>
    ) {
        var next = nextPage(from: first, of: object)
        while let found = next {
            if let end, found.index >= end { return }
            removePage(found.index, of: object, frames: &frames)
            next = nextPage(from: found.index, of: object)
        }
    }

    /// Takes a page out of the tree and drops the tree's reference on its frame; tables that lead nowhere go too.
    func removePage(_ index: PageIndex, of object: ObjectNumber, frames: inout FrameAllocator<M>) {
        let index = UInt64(index.rawValue)
        let root = get(.tree, of: object)
        let top = Self.height.value(in: root)
        guard let frame = page(PageIndex(UInt32(truncatingIfNeeded: index)), of: object) else { return }
        frames.release(Frame(adopting: frame))
        let count = word(.residentPages, of: object)
        machine.store(machine.load(count) - 1, at: count)
        // From the lowest table upwards, as far as they become empty.
        var height: UInt64 = 1
        while height <= top {
            let table = self.table(for: index, at: height, of: object)
            machine.store(0, at: Self.slot(index, at: height, of: table))
            var record = frameRecords.tableRecord(of: table)
            record.entriesInUse -= 1
            frameRecords.setTableRecord(record, of: table)
            guard record.entriesInUse == 0 else { return }
            frames.release(Frame(adopting: table))
            height += 1
        }
        set(.tree, of: object, to: 0)
    }

    /// The table `height` tables above the pages on the path of `index`, which exists.
    private func table(for index: UInt64, at height: UInt64, of object: ObjectNumber) -> FrameNumber {
        let root = get(.tree, of: object)
        var table = Self.frame(in: root)
        var level = Self.height.value(in: root)
        while level > height {
            table = Self.frame(in: machine.load(Self.slot(index, at: level, of: table)))
            level -= 1
        }
        return table
    }

    // MARK: Dirty pages and reclaim

    /// Notes that a page was written: its content is not in its object's backing.
    public func markDirty(_ frame: FrameNumber) {
        if !frameRecords.isDirty(frame) { frameRecords.update(FrameRecord.State.dirty, to: 1, of: frame) }
    }

    /// Gives back frames of clean pages that nobody maps: what they hold can be had again from the object's backing. A
    /// clock over the frames' numbers, which goes on where it stopped.
    /// - Returns: how many frames it gave back, at most `wanted`.
    public func reclaim(_ wanted: UInt64, frames: inout FrameAllocator<M>) -> UInt64 {
        let hand = directoryWord(Self.reclaimHand)
        var position = machine.load(hand)
        var freed: UInt64 = 0
        for _ in 0..<frameRecords.frameCount where freed < wanted {
            position = position + 1 < frameRecords.frameCount ? position + 1 : 0
            let number = frameRecords.number(at: position)
            let record = frameRecords.record(of: number)
            guard record.kind == .cachedFilePage, record.count == 1, frameRecords.isRecoverable(number) else { continue }
            let origin = frameRecords.origin(of: number)
            removePage(PageIndex(origin.page), of: ObjectNumber(origin.object), frames: &frames)
            freed += 1
        }
        machine.store(position, at: hand)
        return freed
    }
}
