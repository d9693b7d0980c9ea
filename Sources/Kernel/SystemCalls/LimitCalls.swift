import LinuxABI
import Machine
import MemoryModel

/// Reads and sets a limit of a process (kernel/sys.c, do_prlimit). No program may raise a hard limit: EPERM, as for one
/// without ``Capability/resources``.
/// - Returns: the limit as it was.
private func exchangeLimit(
    of process: Handle<Process>, _ number: UInt64, with new: ResourceLimit?
) throws(Errno) -> ResourceLimit {
    guard let resource = Resource(rawValue: number.asUInt32) else {
        throw Resource.unknownValue.error ?? .invalidArgument
    }
    let old = process.value.limits[resource]
    guard let new else { return old }
    guard new.current <= new.maximum else { throw .invalidArgument }
    guard new.maximum <= old.maximum else { throw .notPermitted }
    // What is not enforced can be set to what it is, and is refused otherwise rather than ignored.
    if let error = resource.treatment.error {
        guard new.current == old.current, new.maximum == old.maximum else { throw error }
        return old
    }
    process.value.limits[resource] = new
    // Borrowed memory follows its owner's limits, and those not before he has it back.
    if let space = process.value.space, space.value.users == 1 {
        process.value.limits.bind(space)
    }
    return old
}

func resourceLimit(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try UserPointer(call.second).store(exchangeLimit(of: Process.current, call.first, with: nil))
    return 0
}

func setResourceLimit(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let new = try UserPointer(call.second).load(ResourceLimit())
    _ = try exchangeLimit(of: Process.current, call.first, with: new)
    return 0
}

func resourceLimits(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let new: ResourceLimit? = call.third == 0 ? nil : try UserPointer(call.third).load(ResourceLimit())
    let id = call.first.asInt32
    guard let process = id == 0 ? Process.current : kernel.processes.process(id) else { throw .noSuchProcess }
    let old = try exchangeLimit(of: process, call.second, with: new)
    if call.fourth != 0 { try UserPointer(call.fourth).store(old) }
    return 0
}

// MARK: Limits on memory

/// Whether the running process may have `pages` more mapped (mm/mmap.c, may_expand_vm).
private func mayGrow(by pages: UInt64, isData: Bool) -> Bool {
    let process = Process.current
    let space = process.value.memory
    let mapped = space.value.memory.statistics.mappedPages
    guard pages <= process.value.limits.pages, mapped <= process.value.limits.pages - pages else { return false }
    guard isData else { return true }
    return space.value.memory.dataPages + pages <= process.value.limits.dataPages
}

/// ENOMEM for a mapping beyond the limits on memory, after the errors of its place (mm/mmap.c, mmap_region).
@inline(never)
func refuseBeyondLimits(_ request: MapRequest) throws(Errno) {
    try checkPlacement(request)
    guard let length = request.length.roundedUpToPages else { return }
    var replaced: UInt64 = 0
    if case .fixed(let address) = request.placement, let range = VirtualRange(address, length: length) {
        replaced = Process.current.value.memory.value.memory.mappedPages(in: range)
    }
    let isData =
        request.protection.contains(.write) && !request.options.contains(.shared)
        && !request.options.contains(.growsDown)
    guard mayGrow(by: length.wholePages - replaced, isData: isData) else { throw .noMemory }
}

/// How much of a range may become writable before the limit on data is passed: as far as the mapping that is too much
/// (mm/mprotect.c, mprotect_fixup).
@inline(never)
func lengthWithinDataLimit(_ start: VirtualAddress, _ length: ByteCount) -> ByteCount {
    guard let range = VirtualRange(start, length: length.roundedUpToPages ?? length) else { return length }
    let memory = Process.current.value.memory
    guard memory.value.memory.pagesNotYetData(in: range) > 0 else { return length }
    var more: UInt64 = 0
    var position = range.start
    while position < range.end, let run = memory.value.memory.run(from: position), run.start < range.end {
        let end = min(run.end, range.end)
        if run.attributes.isDisjoint(with: .write | .shared | .growsDown) {
            let pages = (end - run.start).wholePages
            more += pages
            if mayGrow(by: pages, isData: false), !mayGrow(by: more, isData: true) { return run.start - range.start }
        }
        position = end
    }
    return length
}

/// Whether the heap may end at `end`, at or above its start: a heap beyond the limit may not even shrink to what is still
/// beyond it (mm/mmap.c, brk and do_brk_flags; include/linux/mm.h, check_data_rlimit, which adds the program's own data).
@inline(never)
func isBreakWithinLimits(_ end: VirtualAddress) -> Bool {
    let process = Process.current
    let space = process.value.memory
    let data = process.value.limits[.data].current
    let start = space.value.memory.heapStart
    let size = (end - start).rawValue + (space.value.data.end - space.value.data.start).rawValue
    guard size <= data else { return false }
    let growth = heapGrowth(to: end)
    return growth == .zero || mayGrow(by: growth.wholePages, isData: true)
}

/// What `mremap` may add that is data (mm/mremap.c, vma_to_resize); the limit on all memory is the memory model's there.
@inline(never)
func mayAddData(_ pages: UInt64) -> Bool { mayGrow(by: pages, isData: true) }

// MARK: Limits on locked memory

/// EPERM for a process that may lock nothing at all (mm/mlock.c, can_do_mlock).
func refuseUnlessLocking() throws(Errno) {
    guard Process.current.value.limits[.lockedMemory].current > 0 else { throw .notPermitted }
}

/// EPERM or EAGAIN for a mapping that would be locked beyond the limit, after the errors of its place (mm/mmap.c,
/// do_mmap).
@inline(never)
func refuseLockingBeyondLimit(_ request: MapRequest) throws(Errno) {
    try checkPlacement(request)
    try refuseLockingBeyondLimit(request.length, isLocked: request.options.contains(.locked))
}

/// The same for a length whose place is right.
/// - Parameter isLocked: whether the mapping itself is to be locked (`MAP_LOCKED`), be there `mlockall` or not.
func refuseLockingBeyondLimit(_ length: ByteCount, isLocked: Bool) throws(Errno) {
    let space = Process.current.value.memory
    if isLocked {
        try refuseUnlessLocking()
    } else if !space.value.memory.locksMappings {
        return
    }
    guard space.value.memory.mayLock(length.roundedUpToPages ?? ByteCount(.max)) else {
        throw .resourceTemporarilyUnavailable
    }
}
