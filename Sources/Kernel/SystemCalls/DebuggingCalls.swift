import Formats
import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

// Akuma's debugging interface (LinuxABI/AkumaDebug.swift, Documentation/debugging-interface.md). It shows physical
// addresses, so it is there only where whoever started the machine asked for it: `debug=on`.

private func checkAllowed() throws(Errno) {
    guard kernel.options.allowsDebugging else { throw .noFunction }
}

/// Writes as much of a structure as the caller has room for.
private func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64, size: UInt64) throws(Errno) -> UInt64 {
    try withScratch(Value.self) { (scratch) throws(Errno) in
        scratch.value = value
        let count = min(size, UInt64(MemoryLayout<Value>.size))
        guard UserMemory.copyOut(fromKernel: scratch.address, to: address, count: count) == 0 else {
            throw .badAddress
        }
        return count
    }
}

/// `akuma_translate(address, buffer, size)`.
func translateAddress(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try checkAllowed()
    let address = VirtualAddress(call.first).untagged
    guard let path = Process.current.value.memory.value.memory.translate(address) else { throw .invalidArgument }
    var translation = AkumaTranslation()
    translation.levelsUsed = UInt64(path.count)
    for level in 0..<path.count {
        translation.descriptors[level] = path.steps[level].descriptor.rawValue
        translation.indices[level] = UInt64(path.steps[level].index)
    }
    var rights = AkumaTranslation.Rights.none
    let state: AkumaTranslation.State
    switch path.state {
    case .free: state = .free
    case .reserved:
        state = .reservedAnonymous
        // What the first touch will find: a reserved entry itself grants nothing.
        rights = AkumaTranslation.Rights(HardwareRights(of: path.attributes, soleOwner: true))
    case .reservedFile:
        state = .reservedFile
        rights = AkumaTranslation.Rights(HardwareRights(of: path.attributes, soleOwner: true))
    case .resident(_, _, let granted, _):
        state = .resident
        rights = AkumaTranslation.Rights(granted)
    case .residentWithoutAccess: state = .residentNoAccess
    case nil: state = .kernel
    }
    // Above the program's own memory, what is mapped is the kernel's, whatever its entries look like.
    let isKernels = !Process.current.value.memory.value.memory.layout.contains(address) && state == .resident
    translation.state = (isKernels ? AkumaTranslation.State.kernel : state).rawValue
    translation.rights = rights.rawValue
    return try store(translation, at: call.second, size: call.third)
}

extension AkumaTranslation.Rights {
    fileprivate init(_ granted: HardwareRights) {
        var rights = AkumaTranslation.Rights.none
        if granted.contains(.read) { rights = rights | .read | .user }
        if granted.contains(.write) { rights = rights | .write }
        if granted.contains(.execute) { rights = rights | .execute | .user }
        self = rights
    }
}

/// The ranges that the caller's memory is made of.
private func currentLayout() -> AkumaLayout {
    let space = Process.current.value.memory
    let layout = space.value.memory.layout
    var result = AkumaLayout()
    result.textStart = space.value.text.start.rawValue
    result.textEnd = space.value.text.end.rawValue
    result.imageStart = space.value.image.start.rawValue
    result.imageEnd = space.value.image.end.rawValue
    result.heapStart = space.value.memory.heapStart.rawValue
    result.heapEnd = space.value.memory.programBreak.rawValue
    result.mapStart = layout.lowMapRegion.start.rawValue
    result.mapEnd = layout.lowMapRegion.end.rawValue
    result.stackStart = space.value.memory.stackStart.rawValue
    result.stackEnd = layout.stackTop.rawValue
    result.kernelStart = kernel.memoryHull.start
    result.kernelEnd = kernel.memoryHull.end
    result.windowStart = KernelWindow.range.lowerBound
    result.windowEnd = KernelWindow.range.upperBound
    return result
}

/// `akuma_layout(buffer, size)`.
func memoryLayout(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try checkAllowed()
    return try store(currentLayout(), at: call.first, size: call.second)
}

/// `akuma_check(what)`: 0, or the number of violations found, which the log names.
func checkMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try checkAllowed()
    switch AkumaCheck(rawValue: call.first) {
    case .addressSpace:
        do throws(InvariantViolation) {
            try Process.current.value.memory.value.memory.validate()
            return 0
        } catch {
            Console.log("check: \(error.invariant), at \(hex: error.address.rawValue)")
            return 1
        }
    case .overlap:
        return countOverlaps(in: currentLayout())
    case .frames:
        return kernel.frames.withLock { frames in
            if frames.freeFrames <= frames.totalFrames { return 0 }
            Console.log("check: more frames are free than there are")
            return 1
        }
    case .everything:
        return try checkEverything()
    case nil:
        throw .invalidArgument
    }
}

/// Checks each address space by itself, and then the references of all of them together.
/// - Throws: ENOMEM where there is no room to count in.
private func checkEverything() throws(Errno) -> UInt64 {
    var violations: UInt64 = 0
    var audit: FrameAudit<RealMachine>
    do throws(MapError) {
        audit = try kernel.frames.withLock { (frames) throws(MapError) in
            try FrameAudit(kernel: kernel.mappings, frames: &frames)
        }
    } catch {
        throw Errno(error)
    }
    kernel.processes.forEach { process in
        guard let space = process.value.space, !isUsed(space, before: process) else { return }
        do throws(InvariantViolation) {
            try space.value.memory.validate()
        } catch {
            report(error, of: Int(process.value.id))
            violations += 1
        }
        audit.count(space.value.memory)
    }
    do throws(InvariantViolation) {
        try kernel.frames.withLock { (frames) throws(InvariantViolation) in try audit.check(frames) }
    } catch {
        report(error, of: 0)
        violations += 1
    }
    kernel.frames.withLock(consuming: audit) { frames, audit in audit.giveBack(to: &frames) }
    return violations
}

/// Names a violation in the log. Process 0 stands for none.
private func report(_ violation: InvariantViolation, of process: Int) {
    Console.log("check: pid \(process): \(violation.invariant), at \(hex: violation.address.rawValue)")
}

extension Errno {
    /// What a call throws that has put another call's number in `x8`. No program sees it (there, ERESTARTNOINTR).
    static var anotherCall: Errno { Errno(rawValue: 513) }
}

/// `akuma_shortage`: makes another call while few frames can be had.
func makeCallShortOfFrames(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try checkAllowed()
    let shortage = AkumaShortage(rawValue: call.frame.value.x7)
    let number = call.frame.value.x6
    guard shortage.rawValue <= AkumaShortage.over.rawValue, number != SystemCallNumber.akumaShortage.rawValue else {
        throw .invalidArgument
    }
    endShortageOnPurpose()
    if shortage != .over {
        kernel.isShortOnPurpose = true
        kernel.frames.withLock {
            $0.beginShortage(leaving: shortage.frames, endsWithFailure: shortage.contains(.once))
        }
    }
    call.frame.value.x8 = number
    throw .anotherCall
}

/// How many pairs of the ranges overlap.
private func countOverlaps(in layout: AkumaLayout) -> UInt64 {
    let ranges: InlineArray<5, (start: UInt64, end: UInt64, name: StaticString)> = [
        (layout.imageStart, layout.imageEnd, "image"),
        (layout.heapStart, layout.heapEnd, "heap"),
        (layout.stackStart, layout.stackEnd, "stack"),
        (layout.kernelStart, layout.kernelEnd, "kernel"),
        (layout.windowStart, layout.windowEnd, "window"),
    ]
    var count: UInt64 = 0
    for first in 0..<5 {
        for second in (first + 1)..<5
        where ranges[first].start < ranges[second].end && ranges[second].start < ranges[first].end {
            Console.log("check: \(ranges[first].name) and \(ranges[second].name) overlap")
            count += 1
        }
    }
    return count
}

/// `akuma_frames(buffer, size)`.
func countFrames(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try checkAllowed()
    var counts = AkumaFrames()
    let census: FrameCensus
    (counts.free, counts.total, census) = kernel.frames.withLock { ($0.freeFrames, $0.totalFrames, $0.table.census()) }
    (counts.anonymous, counts.tables) = (census.anonymous, census.tables)
    (counts.cached, counts.cachedOnlyHere) = (census.cached, census.cachedOnlyHere)
    return try store(counts, at: call.first, size: call.second)
}
