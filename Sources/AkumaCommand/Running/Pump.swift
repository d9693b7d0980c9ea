import Foundation
import SystemPackage

/// Carries bytes between the host's descriptors and the emulator until everything has ended, on one thread.
struct Pump: ~Copyable {
    var input: GuestInput
    var output: GuestStream
    var error: GuestStream
    var log: GuestStream
    /// What the emulator itself has to say; its end is the emulator's end.
    var messages: GuestStream
    let signals: FileDescriptor?
    let deadline: ContinuousClock.Instant?
    var child: ChildProcess
    /// Why the machine was ended before its time.
    private var reason: Outcome?
    private var waiting: [pollfd] = []

    /// Growing files are looked at this often, in milliseconds.
    private static let filePeriod: Int32 = 20

    init(
        input: consuming GuestInput, output: consuming GuestStream, error: consuming GuestStream,
        log: consuming GuestStream, messages: consuming GuestStream, signals: FileDescriptor?,
        deadline: ContinuousClock.Instant?, child: consuming ChildProcess
    ) {
        self.input = input
        self.output = output
        self.error = error
        self.log = log
        self.messages = messages
        self.signals = signals
        self.deadline = deadline
        self.child = child
    }

    /// Carries everything to its end.
    mutating func run() -> MachineResult {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
        defer { unsafe buffer.deallocate() }
        while !(output.isFinished && error.isFinished && log.isFinished && messages.isFinished) {
            wait()
            if let signals, isReady(signals), let number = Self.byte(from: signals) {
                return give(up: .interrupted(signal: number))
            }
            if reason == nil, let deadline, ContinuousClock.now >= deadline {
                reason = .timedOut
                child.kill()
            }
            unsafe move(through: buffer)
            guard deliver() else { return give(up: .outputClosed) }
        }
        return result(reason ?? ending())
    }

    /// Waits until something can move.
    private mutating func wait() {
        waiting.removeAll(keepingCapacity: true)
        func watch(_ descriptor: FileDescriptor?, _ events: Int32) {
            guard let descriptor else { return }
            waiting.append(pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0))
        }
        watch(signals, POLLIN)
        watch(input.awaitedSource, POLLIN)
        watch(input.awaitedChannel, POLLOUT)
        var period: Int32 = -1
        func watch(_ stream: borrowing GuestStream) {
            if stream.wantsInput {
                if stream.source == .channel { watch(stream.descriptor, POLLIN) } else { period = Self.filePeriod }
            }
            watch(stream.awaitedDestination, POLLOUT)
        }
        watch(output)
        watch(error)
        watch(log)
        watch(messages)
        if messages.isAtEnd, period > 0 { period = 0 }
        if let deadline, reason == nil {
            let left = max(0, (deadline - ContinuousClock.now) / .milliseconds(1))
            let rounded = Int32(min(left + 1, 1_000_000_000))
            period = period < 0 ? rounded : min(period, rounded)
        }
        _ = unsafe poll(&waiting, nfds_t(waiting.count), period)
    }

    /// Whether the last wait ended because of `descriptor`.
    private func isReady(_ descriptor: FileDescriptor?) -> Bool {
        guard let descriptor else { return false }
        return waiting.contains { $0.fd == descriptor.rawValue && $0.revents != 0 }
    }

    /// Moves bytes into and out of the emulator.
    private mutating func move(through buffer: UnsafeMutableRawBufferPointer) {
        if isReady(input.awaitedSource) { unsafe input.read(into: buffer) }
        if isReady(input.awaitedChannel) { input.send() }
        let isOver = messages.isAtEnd
        if isOver || isReady(output.descriptor) || output.source == .growingFile {
            unsafe output.read(into: buffer, writerIsGone: isOver)
        }
        if isOver || isReady(error.descriptor) || error.source == .growingFile {
            unsafe error.read(into: buffer, writerIsGone: isOver)
        }
        if isOver || isReady(log.descriptor) || log.source == .growingFile {
            unsafe log.read(into: buffer, writerIsGone: isOver)
        }
        if isReady(messages.descriptor) { unsafe messages.read(into: buffer) }
    }

    /// Delivers what the host can take; false if the reader of the program's output or error output went away.
    private mutating func deliver() -> Bool {
        if isWritable(output.awaitedDestination), !output.deliver() { return false }
        if isWritable(error.awaitedDestination), !error.deliver() { return false }
        if isWritable(log.awaitedDestination) { _ = log.deliver() }
        return true
    }

    private func isWritable(_ descriptor: FileDescriptor?) -> Bool {
        guard let descriptor else { return false }
        var one = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&one, 1, 0) > 0
    }

    private mutating func give(up outcome: Outcome) -> MachineResult {
        child.kill()
        return result(outcome)
    }

    /// How the machine ended by itself.
    private mutating func ending() -> Outcome {
        let status = child.wait()
        let words = String(decoding: messages.collected, as: UTF8.self)
        // Before it knows its serial line, the kernel speaks through the emulator.
        for text in [String(decoding: log.collected, as: UTF8.self), words] {
            if let report = KernelLog.panic(in: text) { return .panicked(report) }
        }
        guard let status else { return .emulatorFailed(words.isEmpty ? "the emulator was killed" : words) }
        if status != 0, log.collected.isEmpty { return .emulatorFailed(words) }
        return .exited(status)
    }

    private func result(_ outcome: Outcome) -> MachineResult {
        MachineResult(
            outcome: outcome, output: output.collected, error: error.collected,
            log: String(decoding: log.collected, as: UTF8.self))
    }

    private static func byte(from descriptor: FileDescriptor) -> Int32? {
        var byte: [UInt8] = [0]
        let count = try? unsafe byte.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
        return count == 1 ? Int32(byte[0]) : nil
    }
}
