// The allocator that Swift's runtime stands on.
//
//   up to 2 KiB     an object of a size class, in a *run*: a few pages cut into equal objects    Run.swift
//   up to 64 KiB    whole pages, as a run with a single object
//   above           a mapping of its own, given back to the kernel when freed                    LargeBlocks.swift
//
// Runs are cut out of *regions* of 64 pages (Region.swift). The first region is in the program's bss, so that a small
// program never asks the kernel for memory. What the allocator knows of a block lives apart from the block, in records
// that no overflowing object reaches; so a free of what was never allocated, and a double free as long as the block
// was not given out again in between, is found every time and ends the program with the address
// (AllocatorFailure.swift). Everything freed is reused: an empty run gives its pages back to its region, an empty
// region goes back to the kernel; one of each is kept, so that a loop over the edge of a run does not turn into system
// calls.

internal import ProgramAssembly

/// All that the allocator keeps, beside the regions' records. All zero is the state at the start.
@safe struct Allocator {
    /// Runs with a free object, by size class.
    private var runs: InlineArray<24, UnsafeMutablePointer<Run>?>
    /// The run that became empty last. It alone may stay empty: any other gives its pages back.
    private var keptRun: UnsafeMutablePointer<Run>?
    /// Regions with a free page.
    private var regions: UnsafeMutablePointer<Region>?
    /// Regions outside the arena all of whose pages are free. At most one is kept.
    private var emptyRegions: Int
    /// Regions and large blocks by address.
    private var table: AddressTable
    private var statistics: AllocatorStatistics
    private var isReady: Bool
    /// The record of the region in bss.
    private var arena: Region

    /// The one allocator, in zeroed memory of its own.
    static var shared: UnsafeMutablePointer<Allocator> {
        unsafe akuma_allocator_state_start().assumingMemoryBound(to: Allocator.self)
    }

    /// What is in use now.
    var currentStatistics: AllocatorStatistics { statistics }

    /// Memory for `size` bytes at a multiple of `alignment`, a power of two; nil when the kernel has no more.
    mutating func allocate(_ size: UInt, alignment: UInt) -> UnsafeMutableRawPointer? {
        if !isReady { prepare() }
        let block: UnsafeMutableRawPointer?
        let byteCount: UInt
        if let sizeClass = SizeClass(holding: size, alignment: alignment) {
            byteCount = sizeClass.objectSize
            unsafe block = unsafe allocateObject(of: sizeClass)
        } else if size <= Region.largestRun && alignment <= Region.pageSize {
            let pages = Region.pages(holding: size)
            byteCount = pages * Region.pageSize
            unsafe block = unsafe makeRun(pages: pages, objectSize: byteCount, sizeClass: nil)?.pointee.takeObject()
        } else {
            guard let bytes = LargeBlock.byteCount(holding: size, alignment: alignment),
                let start = unsafe LargeBlock.map(bytes, alignment: alignment)
            else { return nil }
            byteCount = bytes
            guard table.insert(UInt(bitPattern: start), .large(byteCount: bytes)) else {
                unsafe unmapPages(start, bytes)
                return nil
            }
            statistics.largeBytes += Int(bytes)
            unsafe block = unsafe start
        }
        guard let block = unsafe block else { return nil }
        statistics.bytesInUse += Int(byteCount)
        statistics.blocksInUse += 1
        return unsafe block
    }

    /// Takes back a block that `allocate` returned; anything else ends the program.
    mutating func free(_ block: UnsafeMutableRawPointer) {
        let address = UInt(bitPattern: block)
        guard let region = unsafe region(of: address) else { return freeLarge(address) }
        guard let run = unsafe region.pointee.run(at: address) else { fail(.notAllocated(address)) }
        let wasFull = unsafe run.pointee.freeCount == 0
        unsafe run.pointee.returnObject(at: address)
        unsafe statistics.bytesInUse -= Int(run.pointee.objectSize)
        statistics.blocksInUse -= 1

        guard let sizeClass = unsafe run.pointee.sizeClass else { return unsafe giveBack(run) }
        if wasFull { unsafe list(run, in: sizeClass) }
        if unsafe run.pointee.isEmpty { unsafe keep(run) }
    }

    private mutating func prepare() {
        isReady = true
        let region = unsafe withUnsafeMutablePointer(to: &arena) { unsafe $0 }
        unsafe region.pointee.prepare(start: UInt(bitPattern: akuma_arena_start()), isArena: true)
        unsafe list(region)
        statistics.regions = 1
    }

    // MARK: Objects

    private mutating func allocateObject(of sizeClass: SizeClass) -> UnsafeMutableRawPointer? {
        if unsafe runs[sizeClass.index] == nil {
            guard
                let run = unsafe makeRun(
                    pages: sizeClass.pagesPerRun, objectSize: sizeClass.objectSize, sizeClass: sizeClass)
            else { return nil }
            unsafe list(run, in: sizeClass)
        }
        let run = unsafe runs[sizeClass.index]!
        let object = unsafe run.pointee.takeObject()
        if unsafe run.pointee.freeCount == 0 { unsafe unlist(run, from: sizeClass) }
        return unsafe object
    }

    /// Keeps a run that has become empty, in the place of the one that was kept before.
    private mutating func keep(_ run: UnsafeMutablePointer<Run>) {
        if let kept = unsafe keptRun, unsafe kept != run && kept.pointee.isEmpty,
            let sizeClass = unsafe kept.pointee.sizeClass
        {
            unsafe unlist(kept, from: sizeClass)
            unsafe giveBack(kept)
        }
        unsafe keptRun = unsafe run
    }

    private mutating func list(_ run: UnsafeMutablePointer<Run>, in sizeClass: SizeClass) {
        let first = unsafe runs[sizeClass.index]
        unsafe run.pointee.next = unsafe first
        unsafe run.pointee.previous = nil
        unsafe first?.pointee.previous = unsafe run
        unsafe runs[sizeClass.index] = unsafe run
    }

    private mutating func unlist(_ run: UnsafeMutablePointer<Run>, from sizeClass: SizeClass) {
        let (previous, next) = unsafe (run.pointee.previous, run.pointee.next)
        if let previous = unsafe previous {
            unsafe previous.pointee.next = unsafe next
        } else {
            unsafe runs[sizeClass.index] = unsafe next
        }
        unsafe next?.pointee.previous = unsafe previous
        unsafe run.pointee.next = nil
        unsafe run.pointee.previous = nil
    }

    // MARK: Pages

    private mutating func makeRun(
        pages: UInt, objectSize: UInt, sizeClass: SizeClass?
    ) -> UnsafeMutablePointer<Run>? {
        var candidate = unsafe regions
        while let region = unsafe candidate {
            if let run = unsafe cutRun(from: region, pages, objectSize, sizeClass) { return unsafe run }
            unsafe candidate = unsafe region.pointee.next
        }
        guard let region = unsafe mapRegion() else { return nil }
        return unsafe cutRun(from: region, pages, objectSize, sizeClass)
    }

    private mutating func cutRun(
        from region: UnsafeMutablePointer<Region>, _ pages: UInt, _ objectSize: UInt, _ sizeClass: SizeClass?
    ) -> UnsafeMutablePointer<Run>? {
        let wasEmpty = unsafe region.pointee.isEmpty && !region.pointee.isArena
        guard let run = unsafe region.pointee.cutRun(pages: pages, objectSize: objectSize, sizeClass: sizeClass) else {
            return nil
        }
        if wasEmpty { emptyRegions -= 1 }
        if unsafe region.pointee.isFull { unsafe unlist(region) }
        return unsafe run
    }

    private mutating func giveBack(_ run: UnsafeMutablePointer<Run>) {
        let region = unsafe run.pointee.region!
        let wasFull = unsafe region.pointee.isFull
        unsafe region.pointee.giveBack(run)
        if wasFull { unsafe list(region) }
        guard unsafe region.pointee.isEmpty && !region.pointee.isArena else { return }
        if emptyRegions == 0 {
            emptyRegions = 1
        } else {
            unsafe unlist(region)
            unsafe table.remove(region.pointee.start)
            statistics.regions -= 1
            unsafe Region.unmap(region)
        }
    }

    private mutating func mapRegion() -> UnsafeMutablePointer<Region>? {
        guard let region = unsafe Region.map() else { return nil }
        guard unsafe table.insert(region.pointee.start, .region(region)) else {
            unsafe Region.unmap(region)
            return nil
        }
        unsafe list(region)
        emptyRegions += 1
        statistics.regions += 1
        return unsafe region
    }

    private mutating func list(_ region: UnsafeMutablePointer<Region>) {
        unsafe region.pointee.next = unsafe regions
        unsafe region.pointee.previous = nil
        unsafe regions?.pointee.previous = unsafe region
        unsafe regions = unsafe region
    }

    private mutating func unlist(_ region: UnsafeMutablePointer<Region>) {
        let (previous, next) = unsafe (region.pointee.previous, region.pointee.next)
        if let previous = unsafe previous {
            unsafe previous.pointee.next = unsafe next
        } else {
            unsafe regions = unsafe next
        }
        unsafe next?.pointee.previous = unsafe previous
        unsafe region.pointee.next = nil
        unsafe region.pointee.previous = nil
    }

    private mutating func region(of address: UInt) -> UnsafeMutablePointer<Region>? {
        if arena.contains(address) { return unsafe withUnsafeMutablePointer(to: &arena) { unsafe $0 } }
        guard case .region(let region) = table.find(address & ~(Region.size - 1)) else { return nil }
        return unsafe region
    }

    // MARK: Large blocks

    private mutating func freeLarge(_ address: UInt) {
        guard case .large(let byteCount) = table.find(address),
            let start = unsafe UnsafeMutableRawPointer(bitPattern: address)
        else { fail(.notAllocated(address)) }
        table.remove(address)
        unsafe unmapPages(start, byteCount)
        statistics.largeBytes -= Int(byteCount)
        statistics.bytesInUse -= Int(byteCount)
        statistics.blocksInUse -= 1
    }
}

/// What the allocator holds at a moment.
public struct AllocatorStatistics: Sendable {
    /// Bytes of all blocks in use, as rounded up.
    public internal(set) var bytesInUse: Int
    /// Blocks in use.
    public internal(set) var blocksInUse: Int
    /// Regions of 256 KiB, the one in bss included.
    public internal(set) var regions: Int
    /// Bytes of blocks that are mappings of their own.
    public internal(set) var largeBytes: Int

    /// The figures of this moment.
    public static var current: AllocatorStatistics { unsafe Allocator.shared.pointee.currentStatistics }
}
