import LinuxABI
import Machine

/// `ppoll`: waits until one of some descriptors is ready. Its signal mask is refused rather than ignored.
func poll(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    // An unsigned int: its register's upper half is nobody's (fs/select.c).
    let count = call.second.asUInt32
    guard count <= UInt32(FileTable.capacity) else { throw .invalidArgument }
    guard call.fourth == 0 else { throw .notSupported }
    var deadline: UInt64?
    if call.third != 0 {
        guard let duration = try UserPointer(call.third).load(TimeSpecification()).checkedNanoseconds else {
            throw .invalidArgument
        }
        deadline = kernel.clock.deadline(after: duration)
    }
    while true {
        // Taken before anything is looked at, so that a change in between is not missed.
        let changes = kernel.readinessChanges
        var ready: UInt64 = 0
        for index in 0..<UInt64(count) {
            let pointer = UserPointer(call.first).advanced(by: index, of: PollDescriptor.self)
            var entry = try pointer.load(PollDescriptor())
            let events = PollEvents(rawValue: UInt16(bitPattern: entry.events))
            let results = pollResults(of: entry.descriptor, events)
            if !results.isEmpty { ready += 1 }
            entry.results = Int16(bitPattern: results.rawValue)
            try pointer.store(entry)
        }
        if ready > 0 { return ready }
        switch wait(on: .readiness, until: deadline, { kernel.readinessChanges != changes }) {
        case .timedOut: return 0
        case .interrupted: throw .interrupted
        case .satisfied: continue
        }
    }
}

private func pollResults(of descriptor: Int32, _ events: PollEvents) -> PollEvents {
    guard descriptor >= 0 else { return .none }
    guard let file = try? Process.current.value.openFiles.value.file(descriptor) else { return .invalid }
    switch file.value.kind {
    case .input:
        return kernel.input.isReadable ? events.intersection(.input) : .none
    case .pipe(let pipe, .read):
        let hangUp: PollEvents = pipe.value.writers == 0 ? .hangUp : .none
        return hangUp | (pipe.value.count > 0 ? events.intersection(.input) : .none)
    case .pipe(let pipe, .write):
        if pipe.value.readers == 0 { return .error | events.intersection(.output) }
        return pipe.value.room >= Pipe.atomicSize ? events.intersection(.output) : .none
    case .process(let id, let serial):
        return ProcessDescriptor(id: id, serial: serial).process?.value.state == .alive
            ? .none : events.intersection(.input)
    case .output:
        return events.intersection(.output)
    case .inode, .device, .proc:
        return events.intersection(.input | .output)
    }
}

/// POLLIN and its like (include/uapi/asm-generic/poll.h).
private struct PollEvents: FlagSet {
    let rawValue: UInt16

    static var input: PollEvents { PollEvents(rawValue: 0x1) }
    static var output: PollEvents { PollEvents(rawValue: 0x4) }
    static var error: PollEvents { PollEvents(rawValue: 0x8) }
    static var hangUp: PollEvents { PollEvents(rawValue: 0x10) }
    static var invalid: PollEvents { PollEvents(rawValue: 0x20) }
}
