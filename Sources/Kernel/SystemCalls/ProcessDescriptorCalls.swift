import LinuxABI
import Machine
import MemoryModel

/// What a descriptor of `pidfd_open` means: a process, for as long as that one exists.
struct ProcessDescriptor {
    let id: Int32
    let serial: UInt64

    /// The process, zombie or alive; nil once it was waited for.
    var process: Handle<Process>? {
        guard let process = kernel.processes.process(id), process.value.serial == serial else { return nil }
        return process
    }
}

/// `pidfd_open` (kernel/pid.c). The descriptor is ready to be read once the process has ended.
func openProcessDescriptor(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = OpenFlags(rawValue: call.second.asUInt32)
    guard flags.subtracting(.nonBlocking).isEmpty, call.first.asInt32 > 0 else { throw .invalidArgument }
    guard let process = kernel.processes.process(call.first.asInt32) else { throw .noSuchProcess }
    // O_RDWR is 2; closed by exec always.
    let file = try kernel.openFiles.make(
        OpenFile(
            .process(process.value.id, serial: process.value.serial), flags: flags | OpenFlags(rawValue: 2)))
    do throws(Errno) {
        return UInt64(try Process.current.value.openFiles.value.add(file, closesOnExec: true))
    } catch {
        release(file)
        throw error
    }
}

/// `process_madvise` (mm/madvise.c): each piece of another's memory gets the advice. What was advised before an error is
/// told instead of it.
func adviseProcessMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.fifth.asUInt32 == 0 else { throw .invalidArgument }
    var vectors = try VectorList(copying: call.second, count: call.third)
    defer { vectors.giveBack() }
    let file = try heldFile(call.first)
    defer { release(file) }
    guard case .process(let id, let serial) = file.value.kind else { throw .badFileDescriptor }
    guard let process = ProcessDescriptor(id: id, serial: serial).process else { throw .noSuchProcess }
    let advice = call.fourth.asUInt32
    // What of these is not obeyed `advise` refuses, in its order.
    guard ProcessAdvice(rawValue: advice) != nil else { throw ProcessAdvice.unknownValue.error ?? .invalidArgument }
    guard let space = process.value.space else { throw .noSuchProcess }
    var advised: UInt64 = 0
    var place = VectorPlace(vectors)
    for index in 0..<vectors.count where advised < vectors.total {
        let vector = place.vector
        place.advance()
        // Only the first one is advised though it is empty (lib/iov_iter.c, iov_iter_advance).
        if vector.count == 0 && index > 0 { continue }
        do throws(Errno) {
            try advise(space, vector.base, vector.count, advice)
        } catch {
            if advised > 0 { return advised }
            throw error
        }
        advised += vector.count
    }
    return advised
}

/// `process_mrelease` (mm/oom_kill.c): takes its memory from a process that was killed, and has not come to its end.
func releaseProcessMemory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.second.asUInt32 == 0 else { throw .invalidArgument }
    let file = try heldFile(call.first)
    defer { release(file) }
    guard case .process(let id, let serial) = file.value.kind else { throw .badFileDescriptor }
    guard let space = ProcessDescriptor(id: id, serial: serial).process?.value.space else { throw .noSuchProcess }
    // Whoever shares it is to end too (there, task_will_free_mem).
    try kernel.processes.forEach(in: space) { (process) throws(Errno) in
        guard let thread = process.value.thread, thread.value.hasFatalSignal else { throw .invalidArgument }
    }
    kernel.frames.withLock { frames in space.value.memory.unmapAll(frames: &frames) }
    return 0
}
