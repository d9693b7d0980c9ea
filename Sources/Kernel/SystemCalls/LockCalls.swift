import LinuxABI
import Machine
import MemoryModel

// `RLIMIT_MEMLOCK` binds every program: none has ``Capability/lockMemory``.

/// `mlock` and `mlock2`.
func lockMemory(_ call: SystemCallArguments, flags: UInt32) throws(Errno) -> UInt64 {
    let flags = try LockFlags(rawValue: flags).checked()
    try refuseUnlessLocking()
    let range = try lockableRange(call)
    try withMemory { (space, frames) throws(MapError) in
        try space.apply(flags.contains(.onFault) ? .lockOnFault : .lock, over: range, frames: &frames)
    }
    switch populate(range, of: Process.current.value.memory, for: .mapping, passingErrors: false) {
    case .done: return 0
    case .interrupted: throw .interrupted
    // The rights of POSIX's errors (mm/mlock.c, __mlock_posix_error_return).
    case .failed(.outOfMemory): throw .resourceTemporarilyUnavailable
    case .failed: throw .noMemory
    }
}

/// The pages that `mlock` is asked for.
/// - Throws: ENOMEM beyond the limit, and only then EINVAL where the range wraps.
private func lockableRange(_ call: SystemCallArguments) throws(Errno) -> VirtualRange {
    let space = Process.current.value.memory
    if space.value.memory.mayLock(touchedBytes(call.first, call.second)) {
        return try touchedPages(call.first, call.second)
    }
    guard let range = try? touchedPages(call.first, call.second), space.value.memory.mayLock(all: range) else {
        throw .noMemory
    }
    return range
}

/// `munlock`.
func unlockMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let range = try touchedPages(call.first, call.second)
    try withMemory { (space, frames) throws(MapError) in try space.apply(.unlock, over: range, frames: &frames) }
    return 0
}

/// The pages of which a range touches a byte, as `mlock` takes it: sums that wrap are as on Linux (mm/mlock.c, do_mlock).
/// - Throws: EINVAL where the range wraps.
private func touchedPages(_ address: UInt64, _ length: UInt64) throws(Errno) -> VirtualRange {
    let start = VirtualAddress(address).untagged.roundedDownToPage
    guard let end = start.adding(touchedBytes(address, length)) else { throw .invalidArgument }
    return VirtualRange(start, to: end)
}

/// The bytes of the pages of which a range touches one, as `mlock` counts them.
private func touchedBytes(_ address: UInt64, _ length: UInt64) -> ByteCount {
    let address = VirtualAddress(address).untagged
    return ByteCount(length &+ (address - address.roundedDownToPage).rawValue).roundedUpToPages ?? .zero
}

/// `mlockall`.
func lockAllMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try LockAllFlags(rawValue: call.first.asUInt32).checked()
    guard flags.intersects(.current | .future) else { throw .invalidArgument }
    try refuseUnlessLocking()
    let memory = Process.current.value.memory
    guard !flags.contains(.current) || memory.value.memory.statistics.mappedPages <= memory.value.memory.lockLimit else {
        throw .noMemory
    }
    let lock: RangeChange = flags.contains(.onFault) ? .lockOnFault : .lock
    try withMemory { (space, frames) throws(MapError) in
        if flags.contains(.current) { try space.lockEverything(lock, frames: &frames) }
        space.setFutureLock(flags.contains(.future) ? lock : .unlock)
    }
    if flags.contains(.current) {
        let layout = Process.current.value.memory.value.memory.layout
        populateAsFarAsPossible(VirtualRange(layout.low.start, to: layout.high.end))
    }
    return 0
}

/// `munlockall`.
func unlockAllMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try withMemory { (space, frames) throws(MapError) in
        try space.lockEverything(.unlock, frames: &frames)
        space.setFutureLock(.unlock)
    }
    return 0
}
