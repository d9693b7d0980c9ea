import LinuxABI
import Machine
import MemoryModel

// Every program runs as root and so has CAP_IPC_LOCK: `RLIMIT_MEMLOCK` binds nobody (mm/mlock.c, can_do_mlock).

/// `mlock` and `mlock2`.
func lockMemory(_ call: SystemCallArguments, flags: UInt32) throws(Errno) -> UInt64 {
    let flags = try LockFlags(rawValue: flags).checked()
    let range = try touchedPages(call.first, call.second)
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

/// `munlock`.
func unlockMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let range = try touchedPages(call.first, call.second)
    try withMemory { (space, frames) throws(MapError) in try space.apply(.unlock, over: range, frames: &frames) }
    return 0
}

/// The pages of which a range touches a byte, as `mlock` takes it: sums that wrap are as on Linux (mm/mlock.c, do_mlock).
/// - Throws: EINVAL where the range wraps.
private func touchedPages(_ address: UInt64, _ length: UInt64) throws(Errno) -> VirtualRange {
    let address = VirtualAddress(address).untagged
    let start = address.roundedDownToPage
    let bytes = ByteCount(length &+ (address - start).rawValue).roundedUpToPages ?? .zero
    guard let end = start.adding(bytes) else { throw .invalidArgument }
    return VirtualRange(start, to: end)
}

/// `mlockall`.
func lockAllMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try LockAllFlags(rawValue: call.first.asUInt32).checked()
    guard flags.intersects(.current | .future) else { throw .invalidArgument }
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
