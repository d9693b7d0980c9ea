import LinuxABI
import Machine
import MemoryModel

/// `mremap` (mm/mremap.c). The old address loses its tag, the new one must have none.
func remapMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try RemapFlags(rawValue: call.fourth).checked()
    var options = MoveOptions.none
    if flags.contains(.mayMove) { options.insert(.mayMove) }
    if flags.contains(.fixed) { options.insert(.fixed) }
    if flags.contains(.dontUnmap) { options.insert(.dontUnmap) }
    var request = MoveRequest(
        VirtualAddress(call.first).untagged, oldLength: ByteCount(call.second), newLength: ByteCount(call.third),
        options: options, destination: VirtualAddress(call.fifth))
    request.mayAccount = (try? admit(request.addedPages)) != nil
    let result = try withMemory { [request] (space, frames) throws(MapError) in try space.move(request, frames: &frames) }
    if let growth = result.lockedGrowth { populateAsFarAsPossible(growth) }
    if kernel.options.logsMemory { logMapping("mremap", result.start, request.newLength) }
    return result.start.rawValue
}

/// `mseal` (Linux 6.10, mm/mseal.c).
func sealMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.third == 0 else { throw .invalidArgument }
    let range = try pages(call.first, call.second, wrapError: .invalidArgument)
    try withMemory { (space, frames) throws(MapError) in try space.seal(range, frames: &frames) }
    return 0
}
