import LinuxABI
import Machine
import MemoryModel

/// The pages of a range that a program passed, as `madvise`, `mincore` and `msync` take it.
/// - Throws: EINVAL for a start that is not page-aligned; `wrapError` where the range leaves 64 bits.
func pages(_ start: UInt64, _ length: UInt64, wrapError: Errno) throws(Errno) -> VirtualRange {
    let start = VirtualAddress(start).untagged
    guard start.isPageAligned else { throw .invalidArgument }
    guard let range = VirtualRange(start, length: ByteCount(length)) else { throw wrapError }
    return range
}

/// `madvise` (mm/madvise.c).
func adviseMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try advise(Process.current.value.memory, call.first, call.second, call.third.asUInt32)
    return 0
}

/// Carries out an advice on a range of a program's memory.
func advise(
    _ space: Handle<ProgramSpace>, _ start: UInt64, _ length: UInt64, _ advice: UInt32
) throws(Errno) {
    guard let advice = MemoryAdvice(rawValue: advice) else {
        throw MemoryAdvice.unknownValue.error ?? .invalidArgument
    }
    let range = try pages(start, length, wrapError: .invalidArgument)
    if range.isEmpty { return }
    if advice == .collapse && space.value.memory.nextMapped(in: range) == nil { throw .noMemory }
    if let error = advice.treatment.error { throw error }
    switch advice {
    case .populateRead: try populate(range, of: space, for: .reading)
    case .populateWrite: try populate(range, of: space, for: .writing)
    case .remove: try remove(range, of: space)
    case .willNeed:
        guard space.value.memory.isMapped(range) else { throw .noMemory }
    default:
        guard let change = RangeChange(advice) else { fatalError("an advice that is not refused is not obeyed") }
        do throws(MapError) {
            try kernel.frames.withLock { (frames) throws(MapError) in
                try space.value.memory.apply(change, over: range, frames: &frames)
            }
        } catch {
            throw Errno(error)
        }
    }
    if kernel.options.logsMemory { logMapping("madvise", range.start, range.length) }
}

extension RangeChange {
    /// What an advice does to pages; nil for those that need more than this.
    fileprivate init?(_ advice: MemoryAdvice) {
        switch advice {
        case .normal: self = .readNormally
        case .random: self = .readRandomly
        case .sequential: self = .readSequentially
        case .dontNeed: self = .discard
        case .dontNeedLocked: self = .discardLocked
        case .free: self = .free
        case .cold, .pageOut: self = .reclaim
        case .dontFork: self = .dontFork
        case .doFork: self = .doFork
        case .wipeOnFork: self = .wipeOnFork
        case .keepOnFork: self = .keepOnFork
        case .dontDump: self = .dontDump
        case .doDump: self = .doDump
        case .mergeable: self = .mergeable
        case .unmergeable: self = .unmergeable
        case .hugePage: self = .hugePage
        case .noHugePage: self = .noHugePage
        case .guardInstall: self = .installGuards
        case .guardRemove: self = .removeGuards
        case .willNeed, .remove, .populateRead, .populateWrite, .collapse, .poison, .softOffline: return nil
        }
    }
}

/// `MADV_POPULATE_READ` and `MADV_POPULATE_WRITE`: holes are passed over and told of at the end, anything else ends it
/// (mm/madvise.c, madvise_populate).
private func populate(
    _ range: VirtualRange, of space: Handle<ProgramSpace>, for purpose: AddressSpace<RealMachine>.Populating
) throws(Errno) {
    var isWhole = true
    var start = range.start
    while start < range.end, let mapped = space.value.memory.nextMapped(in: VirtualRange(start, to: range.end)) {
        if mapped.start > start { isWhole = false }
        start = mapped.end
        switch populate(mapped, of: space, for: purpose, passingErrors: false) {
        case .done: break
        case .interrupted: throw .interrupted
        case .failed(.accessDenied): throw .invalidArgument
        case .failed(.guarded), .failed(.beyondEnd), .failed(.overcommitted): throw .badAddress
        case .failed(.notMapped), .failed(.outOfMemory): throw .noMemory
        }
    }
    if !isWhole || start < range.end { throw .noMemory }
}

/// `MADV_REMOVE`: the pages' content goes out of their object, for all who see it.
private func remove(_ range: VirtualRange, of space: Handle<ProgramSpace>) throws(Errno) {
    var isWhole = true
    var start = range.start
    while start < range.end, let run = try firstRemovable(in: VirtualRange(start, to: range.end), of: space) {
        if run.pages.start > start { isWhole = false }
        start = run.pages.end
        // The mapping may be all that keeps the object, and end while others have their turn.
        withObjects { objects, _ in objects.retain(run.object.number) }
        defer { release(run.object.number) }
        // Each run is looked for in all memory that shows its object.
        giveTurnIfOver()
        if Thread.current.value.hasFatalSignal { throw .interrupted }
        guard let inode = Handle<Inode>(ownerOf: run.object.number) else {
            let end = UInt64(run.object.firstPage.rawValue) + run.pages.pageCount
            takePages(
                from: run.object.firstPage, to: UInt32(exactly: end).map { PageIndex($0) }, of: run.object.number,
                includingCopies: false)
            continue
        }
        // A file has seals, and perhaps another place that its content came from (mm/madvise.c: vfs_fallocate).
        let first = ByteCount.pages(UInt64(run.object.firstPage.rawValue)).rawValue
        try inode.withContentLocked { () throws(Errno) in
            try inode.punchHole(from: first, to: first + run.pages.length.rawValue)
        }
    }
    if !isWhole || start < range.end { throw .noMemory }
}

private func firstRemovable(
    in range: VirtualRange, of space: Handle<ProgramSpace>
) throws(Errno) -> (pages: VirtualRange, object: MappedObject)? {
    do throws(MapError) {
        return try space.value.memory.firstRemovable(in: range)
    } catch {
        throw Errno(error)
    }
}

/// `msync` (mm/msync.c): private memory has nothing to write back, but holes and flags are told of.
func synchronizeMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try SynchronizeFlags(rawValue: call.third.asUInt32).checked()
    guard !flags.contains(.asynchronous | .synchronous) else { throw .invalidArgument }
    // What rounds up to nothing is nothing (mm/msync.c): the length alone is rounded, and only then added.
    let length = ByteCount(call.second).roundedUpToPages ?? .zero
    let range = try pages(call.first, length.rawValue, wrapError: .noMemory)
    let memory = Process.current.value.memory
    if flags.contains(.invalidate) && memory.value.memory.contains(.locked, in: range) { throw .resourceBusy }
    guard memory.value.memory.isMapped(range) else { throw .noMemory }
    return 0
}

/// `mincore` (mm/mincore.c): a byte for each page, 1 where it has a frame, be it only in the page cache.
func residency(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let range = try pages(call.first, call.second, wrapError: .noMemory)
    let memory = Process.current.value.memory
    _ = try UserBuffer(checking: call.third, count: range.pageCount)
    var buffer = UserBuffer(call.third, count: range.pageCount)
    var page = range.start
    while page < range.end {
        let isResident: UInt8
        guard memory.value.memory.layout.contains(page) else { throw .noMemory }
        switch memory.value.memory.state(of: page) {
        case .free, nil: throw .noMemory
        case .resident, .residentWithoutAccess: isResident = 1
        case .reserved: isResident = 0
        case .reservedFile(_, let object, let index):
            isResident = withObjects { objects, _ in objects.page(index, of: object) } == nil ? 0 : 1
        }
        guard buffer.writeByte(isResident) else { throw .badAddress }
        page = page + Granule.size
        giveTurnIfOver()
    }
    return 0
}
