import LinuxABI
import Machine
import MemoryModel

/// How much memory may be promised to programs: Linux's `vm.overcommit_memory`
/// (Documentation/mm/overcommit-accounting.rst).
enum OvercommitMode: UInt8 {
    /// Anything but a single promise of more than there is.
    case heuristic = 0
    /// Anything.
    case always = 1
    /// No more in all than ``commitLimit()``.
    case never = 2
}

/// Pages that may be promised in mode 2: half of all (`vm.overcommit_ratio` is 50, and there is no swap).
func commitLimit() -> UInt64 { kernel.totalFrames &* UInt64(bitPattern: Int64(kernel.overcommitRatio)) / 100 }

/// Pages that are promised: to programs, and to who shares memory.
func committedPages() -> UInt64 {
    var pages = kernel.frames.withLock { kernel.objects($0).accountedPages }
    kernel.processes.forEach { process in
        guard let space = process.value.space, !isUsed(space, before: process) else { return }
        pages += space.value.memory.accountedPages
    }
    return pages
}

/// Whether a process that comes earlier in the list has the same address space, which then was counted.
func isUsed(_ space: Handle<ProgramSpace>, before end: Handle<Process>) -> Bool {
    // A space of one process alone needs no search.
    guard space.value.users > 1 else { return false }
    var candidate = kernel.processes.first
    while let process = candidate, process != end {
        if process.value.space == space { return true }
        candidate = process.value.nextProcess
    }
    return false
}

/// Pages that may be promised in mode 2 for the running program's sake, those included that are: what is left once some is
/// set aside for root, which no program has the capability to be, and for the program's own use (mm/util.c,
/// __vm_enough_memory; mm/mmap.c, init_admin_reserve and init_user_reserve).
private func allowedPages() -> UInt64 {
    let share = kernel.totalFrames / 32
    let mapped = Process.current.value.memory.value.memory.statistics.mappedPages
    let kept = min(share, ByteCount(8 << 20).wholePages) + min(mapped / 32, min(share, ByteCount(128 << 20).wholePages))
    let limit = commitLimit()
    return limit - min(kept, limit)
}

/// Counts how many pages may be promised yet where a fault or a write needs one, in mode 2: see
/// ``ObjectTable/promisable``.
/// - Returns: whether there is any.
@inline(never) @discardableResult
func countPromisable() -> Bool {
    guard kernel.overcommit == .never else {
        withObjects { objects, _ in objects.promisable = nil }
        return true
    }
    return setPromisable(allowed: allowedPages(), promised: committedPages())
}

@discardableResult
private func setPromisable(allowed: UInt64, promised: UInt64) -> Bool {
    // The sum stays below what is allowed.
    let left = promised < allowed ? allowed - promised - 1 : 0
    withObjects { objects, _ in objects.promisable = left }
    return left > 0
}

/// Notes that the mode, or what may be promised in it, is another: who needs a page counts first.
func forgetPromisable() {
    withObjects { objects, _ in objects.promisable = kernel.overcommit == .never ? 0 : nil }
}

/// Fails where `pages` more may not be promised (mm/util.c, __vm_enough_memory).
@inline(__always)
func admit(_ pages: UInt64) throws(Errno) {
    if pages > kernel.totalFrames || kernel.overcommit == .never { try admitUnusual(pages) }
}

@inline(never)
private func admitUnusual(_ pages: UInt64) throws(Errno) {
    switch kernel.overcommit {
    case .always:
        return
    case .heuristic:
        throw .noMemory
    case .never:
        let (sum, overflow) = committedPages().addingReportingOverflow(pages)
        let allowed = allowedPages()
        guard !overflow, sum < allowed else { throw .noMemory }
        setPromisable(allowed: allowed, promised: sum)
    }
}
