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
    var candidate = kernel.processes.first
    while let process = candidate {
        candidate = process.value.nextProcess
        guard let space = process.value.space, !isUsed(space, before: process) else { continue }
        pages += space.value.memory.accountedPages
    }
    return pages
}

/// Whether a process that comes earlier in the list has the same address space, which then was counted.
func isUsed(_ space: Handle<ProgramSpace>, before end: Handle<Process>) -> Bool {
    var candidate = kernel.processes.first
    while let process = candidate, process != end {
        if process.value.space == space { return true }
        candidate = process.value.nextProcess
    }
    return false
}

/// Fails where `pages` more may not be promised (mm/util.c, __vm_enough_memory; programs are root, so nothing is set
/// aside for root).
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
        // For the program's own use stay at most 1/32 of what it has mapped, and 128 MiB (mm/util.c, user_reserve).
        let mapped = Process.current.value.memory.value.memory.statistics.mappedPages
        let kept = min(mapped / 32, ByteCount(128 << 20).wholePages)
        let limit = commitLimit()
        guard !overflow, limit > kept, sum < limit - kept else { throw .noMemory }
    }
}
