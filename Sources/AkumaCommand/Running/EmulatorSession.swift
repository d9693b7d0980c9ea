import Foundation
import SystemPackage

/// One run of the emulator from its start to its end, whatever kernel it boots: its streams and its time.
struct EmulatorSession {
    /// The emulator's name, found by `PATH`.
    let emulator: String
    let arguments: [String]
    /// Whether streams are files, so that the guest's time cannot depend on their reader.
    let isDeterministic: Bool
    let timeout: Duration?
    let input: InputSource
    let output: OutputSink
    let error: OutputSink
    /// Where the kernel's log goes as it comes, beside into the result.
    let logDestination: Int32?
    /// A descriptor that becomes readable when the run is to be given up; each byte is a signal's number.
    let signals: FileDescriptor?

    /// Runs `body` on a thread of its own: the emulator ends when the thread that started it does.
    static func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
        }
    }

    /// Runs the emulator with an initial ramdisk; the calling thread is the one whose end would end it.
    func run(with ramdisk: [UInt8]) throws -> MachineResult {
        let kind: GuestStream.Source = isDeterministic ? .growingFile : .channel
        let inputLink = try Link.socketPair()
        let outputLink = try isDeterministic ? Link.file() : Link.socketPair()
        let errorLink = try isDeterministic ? Link.file() : Link.socketPair()
        let logLink = try isDeterministic ? Link.file() : Link.socketPair()
        let ramdiskLink = try Link.file()
        _ = try ramdiskLink.host.writeAll(ramdisk)
        let messages = try Link.socketPair()

        let nothing = try FileDescriptor.open(FilePath("/dev/null"), .readWrite, options: .closeOnExec)
        let child = try ChildProcess(
            emulator, arguments,
            descriptors: [
                nothing, nothing, messages.guest, inputLink.guest, outputLink.guest, errorLink.guest, logLink.guest,
                ramdiskLink.guest,
            ])
        try nothing.close()
        for link in [inputLink, outputLink, errorLink, logLink, messages] where link.guest != link.host {
            try link.guest.close()
        }
        defer {
            for link in [inputLink, outputLink, errorLink, logLink, ramdiskLink, messages] { try? link.host.close() }
        }
        var pump = Pump(
            input: GuestInput(from: input, to: inputLink.host),
            output: GuestStream(
                from: outputLink.host, kind, to: output.destination, collecting: output.isCollected),
            error: GuestStream(from: errorLink.host, kind, to: error.destination, collecting: error.isCollected),
            log: GuestStream(
                from: logLink.host, kind, to: logDestination.map { FileDescriptor(rawValue: $0) }, by: .lines,
                collecting: true),
            messages: GuestStream(from: messages.host, .channel, to: nil, collecting: true),
            signals: signals,
            deadline: timeout.map { ContinuousClock.now + $0 },
            child: child)
        return pump.run()
    }
}

extension OutputSink {
    var destination: FileDescriptor? {
        if case .descriptor(let number) = self { FileDescriptor(rawValue: number) } else { nil }
    }

    var isCollected: Bool { destination == nil }
}

/// Two ends of a way between the command and the emulator.
private struct Link {
    /// The command's end.
    let host: FileDescriptor
    /// The emulator's end, which it inherits.
    let guest: FileDescriptor

    /// A stream in both directions.
    static func socketPair() throws -> Link {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw Failure("cannot make a socket pair: \(Errno(rawValue: errno))", status: .machine)
        }
        return Link(host: FileDescriptor(rawValue: ends[0]), guest: FileDescriptor(rawValue: ends[1]))
    }

    /// A file without a name, which is gone when nobody holds it.
    static func file() throws -> Link {
        let nameless = FileDescriptor.OpenOptions(rawValue: 0o20_200_000)  // O_TMPFILE
        let file = try FileDescriptor.open(
            FilePath(NSTemporaryDirectory()), .readWrite, options: [nameless, .closeOnExec],
            permissions: .ownerReadWrite)
        return Link(host: file, guest: file)
    }
}
