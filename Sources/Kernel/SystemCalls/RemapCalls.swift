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
    if request.addedPages > 0, Process.current.value.limits.limitMemory {
        request.mayAddData = mayAddData(request.addedPages)
    }
    let result = try withMemory { [request] (space, frames) throws(MapError) in try space.move(request, frames: &frames) }
    if let growth = result.lockedGrowth { populateAsFarAsPossible(growth) }
    if kernel.options.logsMemory { logMapping("mremap", result.start, request.newLength) }
    return result.start.rawValue
}

/// `remap_file_pages` (mm/mmap.c): since Linux 4.0 a shared mapping of the same object over the old one. The address keeps
/// its tag, so one with a tag is where nothing is mapped.
@inline(never)
func remapFilePages(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = try RemapFilePagesFlags(rawValue: call.fifth).checked()
    guard call.third == 0 else { throw .invalidArgument }
    let start = VirtualAddress(call.first).roundedDownToPage
    let length = ByteCount(call.second & ~(Granule.size.rawValue - 1))
    guard let range = VirtualRange(start, length: length), !range.isEmpty,
        !call.fourth.addingReportingOverflow(length.wholePages).overflow
    else { throw .invalidArgument }
    let mapping = try sharedMapping(over: range)
    guard let firstPage = UInt32(exactly: call.fourth) else { throw .overflow }
    // The old mapping may be all that keeps the object.
    withObjects { objects, _ in objects.retain(mapping.object) }
    defer { release(mapping.object) }
    var request = MapRequest(
        length: length, protection: mapping.attributes.protection.intersection(.all).implied, placement: .fixed(start), options: .shared,
        object: MappedObject(mapping.object, firstPage: PageIndex(firstPage)))
    if !flags.contains(.nonBlock) { request.options.insert(.populate) }
    if mapping.attributes.contains(.locked) { request.options.insert(.populate | .locked) }
    try checkSeals(of: mapping.object, &request)
    _ = try map(request)
    return 0
}

/// What is mapped all over a range: one object's pages, whichever, shared, of a file that was opened for writing, and
/// alike in everything else.
private func sharedMapping(
    over range: VirtualRange
) throws(Errno) -> (object: ObjectNumber, attributes: AttributeSet) {
    let space = Process.current.value.memory
    var found: (object: ObjectNumber, attributes: AttributeSet)?
    var position = range.start
    while position < range.end {
        let run = kernel.frames.withLock { [position] _ in space.value.memory.run(from: position) }
        guard let run, run.start == position, let object = run.object?.number else { throw .invalidArgument }
        if let found {
            guard object == found.object, run.attributes == found.attributes else { throw .invalidArgument }
        } else {
            guard run.attributes.contains(.shared | .mayWrite) else { throw .invalidArgument }
            found = (object, run.attributes)
        }
        position = run.end
    }
    guard let found else { throw .invalidArgument }
    return found
}

/// `mseal` (Linux 6.10, mm/mseal.c).
func sealMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.third == 0 else { throw .invalidArgument }
    let range = try pages(call.first, call.second, wrapError: .invalidArgument)
    try withMemory { (space, frames) throws(MapError) in try space.seal(range, frames: &frames) }
    return 0
}
