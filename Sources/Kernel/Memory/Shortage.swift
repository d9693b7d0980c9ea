import LinuxABI
import Machine
import MemoryModel

// What happens when no frame is free: clean pages of the page cache are given back first; where there are none, a program
// is ended that has most, and the rest goes on.

/// Frames that are asked back at a time.
private var reclaimBatch: UInt64 { 64 }

extension Kernel {
    /// Frames that only the kernel gets: enough to end any program, at most 1/64 of all.
    static func reserve(of totalFrames: UInt64) -> UInt64 { min(256, totalFrames / 64) }
}

/// Gives back clean pages of the page cache where too few frames are free for a call.
/// - Returns: whether that freed one.
@inline(never)
func reclaimMemoryIfShort() -> Bool {
    // As many as one call takes for its tables before it changes anything, and more.
    let isShort = kernel.frames.withLock { $0.freeFrames < $0.reserve + 64 }
    return isShort && reclaimMemory()
}

/// Gives back clean pages of the page cache, unmapped ones first, then those not used lately, then any.
///
/// Pages in use are not taken for ever: where at least half of those that were taken last had to be fetched again since,
/// they are what the programs run on, code among them, and taking them again would keep everybody fetching and nobody
/// running (as Linux mm/workingset.c tells such pages by their return).
/// - Returns: whether a frame is free now that was not.
@inline(never)
func reclaimMemory() -> Bool {
    if reclaimUnmapped() { return true }
    if giveUpCleanPages(sparingUsed: true) > 0, reclaimUnmapped() { return true }
    let fetched = withObjects { objects, _ in objects.fetchedPages }
    let taken = kernel.takenFromUse
    kernel.takenFromUse = (0, fetched)
    if taken.pages > 0, (fetched &- taken.fetched) * 2 >= taken.pages { return false }
    kernel.takenFromUse.pages = giveUpCleanPages(sparingUsed: false)
    return kernel.takenFromUse.pages > 0 && reclaimUnmapped()
}

/// Has every program give up clean pages of files; see ``AddressSpace/giveUpCleanPages(sparingUsed:frames:)``.
private func giveUpCleanPages(sparingUsed: Bool) -> UInt64 {
    var given: UInt64 = 0
    kernel.spaces.forEach { space in
        given += kernel.frames.withLock { frames in
            space.value.memory.giveUpCleanPages(sparingUsed: sparingUsed, frames: &frames)
        }
    }
    return given
}

/// Gives back clean pages of the page cache that no program maps.
/// - Returns: whether that freed one.
func reclaimUnmapped() -> Bool {
    let freed = kernel.frames.withLock { frames in kernel.objects(frames).reclaim(reclaimBatch, frames: &frames) }
    if freed > 0 { kernel.reclaimedPages += freed }
    return freed > 0
}

/// Finds a frame for the running program, which needs one to go on.
/// - Returns: whether it may try again; false where the running program itself is the one that has to end.
@inline(never)
func relieveShortage(at address: VirtualAddress) -> Bool {
    if endShortageOnPurpose() { return true }
    if reclaimMemory() { return true }
    if Thread.current.value.hasFatalSignal { return false }
    let most = Victim()
    let victim = most.process
    Console.log(
        """
        memory: out of memory: pid \(Int(Process.current.value.id)) needs a frame for \(hex: address.rawValue), \
        \(Int(kernel.frames.withLock { $0.freeFrames })) are left; killing pid \(Int(victim.value.id)), which has most: \
        \(Int(most.pages)) pages and \(Int(most.tables)) tables
        """)
    kernel.outOfMemoryKills += 1
    guard let space = victim.value.space else { return false }
    let isOwn = space == Process.current.value.memory
    // Whoever shares the memory has to go too, or nothing comes free (mm/oom_kill.c, __oom_kill_process).
    kernel.processes.forEach(in: space) { process in send(.kill, to: process, .kernel) }
    if isOwn { return false }
    // The victim can't touch its memory any more, whatever call it may be in: it ends before it runs (there,
    // oom_reaper).
    kernel.frames.withLock { frames in
        space.value.memory.unmapAll(frames: &frames)
        frames.mergeFreeFrames()
    }
    return true
}

/// The process that has most memory, and what it has.
private struct Victim {
    private(set) var process: Handle<Process>
    private(set) var pages: UInt64 = 0
    private(set) var tables: UInt64 = 0

    /// The process with most pages and tables for them (mm/oom_kill.c, oom_badness). The first one, with which the machine
    /// ends, only where no other has any page; the running one where nobody has.
    init() {
        process = Process.current
        kernel.processes.forEach { process in
            if let space = process.value.space, !isFirst(process, space) { consider(process, space) }
        }
        if pages == 0, let first = kernel.firstProcess, let space = first.value.space { consider(first, space) }
    }

    private mutating func consider(_ other: Handle<Process>, _ space: Handle<ProgramSpace>) {
        let statistics = space.value.memory.statistics
        guard statistics.residentPages > 0, statistics.residentPages + statistics.tables > pages + tables else { return }
        (process, pages, tables) = (other, statistics.residentPages, statistics.tables)
    }
}

/// Whether a process is the first one, or has its address space.
private func isFirst(_ process: Handle<Process>, _ space: Handle<ProgramSpace>) -> Bool {
    guard let first = kernel.firstProcess else { return false }
    return process == first || first.value.space == space
}

/// Ends the shortage that the debugging interface made.
/// - Returns: whether there was one.
@inline(never) @discardableResult
func endShortageOnPurpose() -> Bool {
    guard kernel.isShortOnPurpose else { return false }
    kernel.isShortOnPurpose = false
    kernel.frames.withLock { $0.endShortage() }
    return true
}
