/// The record of a region: 64 pages, 256 KiB, at a multiple of its size unless it is the one in bss.
///
/// The record is kept in pages of its own, away from the region.
@safe struct Region {
    /// Bytes in the allocator's page. A kernel with larger pages would need larger regions.
    static var pageSize: UInt { 4096 }
    /// Bytes in a region.
    static var size: UInt { 64 * pageSize }
    /// Bytes in the largest run; larger blocks are mappings of their own.
    static var largestRun: UInt { 16 * pageSize }
    /// Bytes set aside for a record.
    private static var recordSize: UInt { 3 * pageSize }

    /// The address of the first page.
    private(set) var start: UInt
    private(set) var isArena: Bool
    /// Neighbours in the list of regions with a free page.
    var next: UnsafeMutablePointer<Region>?
    var previous: UnsafeMutablePointer<Region>?
    /// One bit for each page, set if it is free.
    private var freePages: UInt64
    /// For each page in use, the first page of its run.
    private var owner: InlineArray<64, UInt8>
    /// Records of runs, each at the number of its first page.
    private var runs: InlineArray<64, Run>

    /// Pages that hold so many bytes.
    static func pages(holding byteCount: UInt) -> UInt { max((byteCount + pageSize - 1) / pageSize, 1) }

    /// Whether all pages are free.
    var isEmpty: Bool { freePages == .max }

    /// Whether no page is free.
    var isFull: Bool { freePages == 0 }

    /// Whether the address is in the region.
    func contains(_ address: UInt) -> Bool { address &- start < Self.size }

    /// Makes zeroed memory the record of a region with all pages free.
    mutating func prepare(start: UInt, isArena: Bool) {
        self.start = start
        self.isArena = isArena
        freePages = .max
    }

    /// Cuts a run out of the first free pages that suffice; nil if there are none.
    mutating func cutRun(pages: UInt, objectSize: UInt, sizeClass: SizeClass?) -> UnsafeMutablePointer<Run>? {
        var starts = freePages  // becomes: bit n is set if pages n … n + pages - 1 are free
        var done: UInt = 1
        while done < pages {
            let step = min(done, pages - done)
            starts &= starts >> UInt64(step)
            done += step
        }
        guard starts != 0 else { return nil }
        let first = starts.trailingZeroBitCount
        freePages &= ~Self.mask(first: first, pages: pages)
        for page in first..<first + Int(pages) { owner[page] = UInt8(first) }
        let region = unsafe withUnsafeMutablePointer(to: &self) { unsafe $0 }
        let run = unsafe withUnsafeMutablePointer(to: &runs[first]) { unsafe $0 }
        unsafe run.initialize(
            to: Run(
                region: region, start: start + UInt(first) * Self.pageSize, firstPage: UInt8(first),
                pageCount: UInt8(pages), objectSize: objectSize, sizeClass: sizeClass))
        return unsafe run
    }

    /// Takes back the pages of a run.
    mutating func giveBack(_ run: UnsafeMutablePointer<Run>) {
        freePages |= unsafe Self.mask(first: Int(run.pointee.firstPage), pages: UInt(run.pointee.pageCount))
    }

    /// The run that an address of this region is in; nil if its page is free.
    mutating func run(at address: UInt) -> UnsafeMutablePointer<Run>? {
        let page = Int((address - start) / Self.pageSize)
        guard freePages & 1 << UInt64(page) == 0 else { return nil }
        return unsafe withUnsafeMutablePointer(to: &runs[Int(owner[page])]) { unsafe $0 }
    }

    private static func mask(first: Int, pages: UInt) -> UInt64 {
        (UInt64.max >> UInt64(64 - pages)) << UInt64(first)
    }

    /// A region from the kernel, with its record; nil if there is no memory.
    static func map() -> UnsafeMutablePointer<Region>? {
        precondition(MemoryLayout<Region>.size <= Int(recordSize), "a region's record fits the pages set aside for it")
        guard let record = unsafe mapPages(recordSize) else { return nil }
        guard let pages = unsafe LargeBlock.map(size, alignment: size) else {
            unsafe unmapPages(record, recordSize)
            return nil
        }
        let region = unsafe record.assumingMemoryBound(to: Region.self)
        unsafe region.pointee.prepare(start: UInt(bitPattern: pages), isArena: false)
        return unsafe region
    }

    /// Gives a region and its record back to the kernel.
    static func unmap(_ region: UnsafeMutablePointer<Region>) {
        if let pages = unsafe UnsafeMutableRawPointer(bitPattern: region.pointee.start) {
            unsafe unmapPages(pages, size)
        }
        unsafe unmapPages(UnsafeMutableRawPointer(region), recordSize)
    }
}
