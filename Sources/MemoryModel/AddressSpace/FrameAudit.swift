/// Compares the references that frame records and objects count with those that can be found: each entry of each table
/// of each address space, and each page of each object.
///
/// Counts in blocks of frames that it takes for the time, one word for each frame and each object:
///
///     var audit = try FrameAudit(kernel: kernel, frames: &frames)
///     audit.count(space)                  // once for each address space
///     try audit.check(frames)
///     audit.giveBack(to: &frames)         // in any case
///
/// For tests and for the running kernel, between operations. Changes nothing but its own words.
public struct FrameAudit<M: Hardware>: ~Copyable {
    private let kernel: KernelMappings
    private let records: FrameTable<M>
    private let frameCounts: FrameBlock
    private let objectCounts: FrameBlock

    private var machine: M { records.machine }
    private var objects: ObjectTable<M> { ObjectTable(machine: machine, kernel: kernel, records: records) }

    /// An audit that has found nothing yet.
    /// - Throws: ``MapError/outOfMemory`` where there are no blocks to count in.
    public init(kernel: KernelMappings, frames: inout FrameAllocator<M>) throws(MapError) {
        let records = frames.table
        let objects = ObjectTable(machine: records.machine, kernel: kernel, records: records)
        guard let frameCounts = Self.takeCounts(records.frameCount, &frames) else { throw .outOfMemory }
        guard let objectCounts = Self.takeCounts(objects.numbers.upperBound, &frames) else {
            frames.release(frameCounts)
            throw .outOfMemory
        }
        self.kernel = kernel
        self.records = records
        self.frameCounts = frameCounts
        self.objectCounts = objectCounts
    }

    /// A block of so many words, all zero.
    private static func takeCounts(_ words: UInt64, _ frames: inout FrameAllocator<M>) -> FrameBlock? {
        let pages = (words * 8 + Granule.size.rawValue - 1) >> Granule.shift
        let order = UInt64(64 - (max(pages, 1) - 1).leadingZeroBitCount)
        guard let block = frames.takeBlock(order: order, .kernel) else { return nil }
        for offset in 0..<block.count { frames.table.machine.clear(block.first.advanced(by: offset)) }
        return block
    }

    /// Gives the blocks back.
    public consuming func giveBack(to frames: inout FrameAllocator<M>) {
        frames.release(frameCounts)
        frames.release(objectCounts)
    }

    // MARK: Counting

    private func word(_ index: UInt64, of block: FrameNumber) -> PhysicalAddress {
        block.address + ByteCount(index * 8)
    }

    private func frameWord(_ frame: FrameNumber) -> PhysicalAddress {
        word(records.index(of: frame), of: frameCounts.first)
    }

    private func objectWord(_ object: ObjectNumber) -> PhysicalAddress {
        word(UInt64(object.rawValue), of: objectCounts.first)
    }

    private func found(_ frame: FrameNumber) -> UInt64 { machine.load(frameWord(frame)) }

    private func add(_ count: UInt64 = 1, at word: PhysicalAddress) { machine.store(machine.load(word) + count, at: word) }

    /// Counts the references that an address space holds. Those of a table shared since a fork count once.
    public func count(_ space: borrowing AddressSpace<M>) {
        add(at: frameWord(space.attributes.frame))
        var iterator = TableIterator(space.tables, kernel: kernel)
        while let visit = iterator.next() {
            let table = visit.position.table
            add(at: frameWord(table))
            guard found(table) == 1 else { continue }
            let level = visit.position.level
            for index in 0..<Granule.entriesPerTable where !kernel.owns(index, at: level, firstAddress: visit.start) {
                let descriptor = machine.load(TableGeometry.entry(index, of: table))
                count(Descriptor(rawValue: descriptor), at: level, space)
            }
        }
    }

    private func count(_ descriptor: Descriptor, at level: Int, _ space: borrowing AddressSpace<M>) {
        guard !descriptor.isFree, !descriptor.isTable(at: level) else { return }
        if descriptor.isResident && records.contains(descriptor.frame) { add(at: frameWord(descriptor.frame)) }
        if let object = space.object(of: descriptor), objects.exists(object) {
            add(TableGeometry.span(at: level).wholePages, at: objectWord(object))
        }
    }

    // MARK: Checking

    /// Compares what was found with what is counted, and the allocator's books with the frame records.
    /// - Throws: the first violation. Its address is that of the frame or, where it is one of an object, the number.
    public func check(_ frames: borrowing FrameAllocator<M>) throws(InvariantViolation) {
        var number: UInt64 = 1
        while number < objects.numbers.upperBound {
            let object = ObjectNumber(UInt32(truncatingIfNeeded: number))
            if objects.exists(object) { try check(object) }
            number += 1
        }
        var owned: UInt64 = 0
        var free: UInt64 = 0
        var hot: UInt64 = 0
        var index: UInt64 = 0
        while index < records.frameCount {
            let frame = records.number(at: index)
            let record = records.record(of: frame)
            switch record.kind {
            case .reserved: break
            case .free: free += 1 << record.order
            case .hot: hot += 1
            default:
                owned += 1 << record.order
                try check(frame, record)
            }
            index += 1
        }
        try require(free + hot == frames.freeFrames, "as many frames are free as the allocator says", at: free + hot)
        try require(free + hot + owned == frames.totalFrames, "each frame is either free or owned", at: owned)
    }

    private func require(_ holds: Bool, _ invariant: StaticString, at figure: UInt64) throws(InvariantViolation) {
        guard holds else { throw InvariantViolation(invariant: invariant, address: VirtualAddress(figure)) }
    }

    private func check(_ object: ObjectNumber) throws(InvariantViolation) {
        let mapped = objects.mappedPages(of: object)
        let address = UInt64(object.rawValue)
        try require(mapped == machine.load(objectWord(object)), "an object counts the entries that name it", at: address)
        try require(mapped > 0 || objects.handles(of: object) > 0, "an object that nobody names is gone", at: address)
        var resident: UInt64 = 0
        var next = objects.nextPage(from: PageIndex(0), of: object)
        while let page = next {
            resident += 1
            add(at: frameWord(page.frame))
            let origin = records.origin(of: page.frame)
            try require(
                origin == FrameOrigin(object: object.rawValue, page: page.index.rawValue),
                "a cached page's frame says which page it is", at: page.frame.address.rawValue)
            guard page.index.rawValue < .max else { break }
            next = objects.nextPage(from: PageIndex(page.index.rawValue + 1), of: object)
        }
        try require(
            resident == objects.residentPages(of: object), "an object counts its pages in memory", at: address)
    }

    private func check(_ frame: FrameNumber, _ record: FrameRecord) throws(InvariantViolation) {
        let address = frame.address.rawValue
        let found = found(frame)
        switch record.kind {
        case .anonymous, .table, .cachedFilePage, .copiedFilePage:
            try require(found >= record.count, "a frame has no more references than can be found", at: address)
            try require(found <= record.count, "a frame's references are all counted", at: address)
        case .zero:
            // The kernel has one itself.
            try require(found + 1 == record.count, "the references on the frame of zeroes are counted", at: address)
        case .kernel:
            try require(found <= 1 && record.count == 1, "the kernel's own frame has one reference", at: address)
        case .retired:
            try require(false, "no frame is out of use between operations", at: address)
        case .reserved, .free, .hot:
            break
        }
    }
}
