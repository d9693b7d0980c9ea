import LinuxABI
import Machine

/// `ppoll`: waits until one of some descriptors is ready. Only standard input ever makes anyone wait.
func poll(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.second <= UInt64(FileTable.capacity) else { throw .invalidArgument }
    var deadline: UInt64?
    if call.third != 0 {
        guard let duration = try UserPointer(call.third).load(TimeSpecification()).checkedNanoseconds else {
            throw .invalidArgument
        }
        deadline = kernel.clock.deadline(after: duration)
    }
    while true {
        var ready: UInt64 = 0
        var waitsForInput = false
        for index in 0..<call.second {
            let pointer = UserPointer(call.first).advanced(by: index, of: PollDescriptor.self)
            var entry = try pointer.load(PollDescriptor())
            let events = PollEvents(rawValue: UInt16(bitPattern: entry.events))
            let results = pollResults(of: entry.descriptor, events, waitsForInput: &waitsForInput)
            if !results.isEmpty { ready += 1 }
            entry.results = Int16(bitPattern: results.rawValue)
            try pointer.store(entry)
        }
        if ready > 0 { return ready }
        switch wait(on: .input, until: deadline, { waitsForInput && kernel.input.isReadable }) {
        case .timedOut: return 0
        case .interrupted: throw .interrupted
        case .satisfied: continue
        }
    }
}

private func pollResults(
    of descriptor: Int32, _ events: PollEvents, waitsForInput: inout Bool
) -> PollEvents {
    guard descriptor >= 0 else { return .none }
    guard let file = try? Process.current.value.openFiles.value.file(descriptor) else { return .invalid }
    switch file.value.kind {
    case .input:
        guard events.contains(.input) else { return .none }
        waitsForInput = true
        return kernel.input.isReadable ? .input : .none
    case .output:
        return events.intersection(.output)
    case .node, .device:
        return events.intersection(.input | .output)
    }
}

/// POLLIN and its like (include/uapi/asm-generic/poll.h).
private struct PollEvents: FlagSet {
    let rawValue: UInt16

    static var input: PollEvents { PollEvents(rawValue: 0x1) }
    static var output: PollEvents { PollEvents(rawValue: 0x4) }
    static var invalid: PollEvents { PollEvents(rawValue: 0x20) }
}
