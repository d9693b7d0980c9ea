import LinuxABI
import Machine
import MemoryModel

/// The pages of a range that a program passed, as `madvise`, `mincore` and `msync` take it.
/// - Throws: EINVAL for a start that is not page-aligned; `wrapError` where the range leaves 64 bits.
private func pages(_ start: UInt64, _ length: UInt64, wrapError: Errno) throws(Errno) -> VirtualRange {
    let start = VirtualAddress(start).untagged
    guard start.isPageAligned else { throw .invalidArgument }
    guard let range = VirtualRange(start, length: ByteCount(length)) else { throw wrapError }
    return range
}

/// `madvise` (mm/madvise.c). Advice without effect still tells of holes.
func adviseMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard let advice = try MemoryAdvice.checked(call.third.asUInt32) else {
        let range = try pages(call.first, call.second, wrapError: .invalidArgument)
        guard Process.current.value.memory.value.memory.isMapped(range) else { throw .noMemory }
        return 0
    }
    switch advice {
    case .dontNeed:
        let start = VirtualAddress(call.first).untagged
        let length = ByteCount(call.second)
        try withMemory { (space, frames) throws(MapError) in
            try space.discard(start, length: length, frames: &frames)
        }
        if kernel.options.logsMemory { logMapping("madvise DONTNEED", start, length) }
    default:
        fatalError("an advice that is honoured is not obeyed")
    }
    return 0
}

/// `msync` (mm/msync.c): private memory has nothing to write back, but holes and flags are told of.
func synchronizeMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try SynchronizeFlags(rawValue: call.third.asUInt32).checked()
    guard !flags.contains(.asynchronous | .synchronous) else { throw .invalidArgument }
    let range = try pages(call.first, call.second, wrapError: .noMemory)
    guard Process.current.value.memory.value.memory.isMapped(range) else { throw .noMemory }
    return 0
}

/// `mincore` (mm/mincore.c): a byte for each page, 1 where it has a frame.
func residency(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let range = try pages(call.first, call.second, wrapError: .noMemory)
    let memory = Process.current.value.memory
    var buffer = UserBuffer(call.third, count: range.pageCount)
    var page = range.start
    while page < range.end {
        let isResident: UInt8
        switch memory.value.memory.state(of: page) {
        case .free, nil: throw .noMemory
        case .resident, .residentWithoutAccess: isResident = 1
        case .reserved, .reservedFile: isResident = 0
        }
        guard buffer.writeByte(isResident) else { throw .badAddress }
        page = page + Granule.size
        giveTurnIfOver()
    }
    return 0
}
