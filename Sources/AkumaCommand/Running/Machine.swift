import Foundation
import SystemPackage

/// A machine of the emulator that runs once, from power-on to its end.
public struct Machine: Sendable {
    /// What the machine is.
    public var configuration = MachineConfiguration()
    /// Its files, without what ``MachineConfiguration`` adds.
    public var ramdisk = Ramdisk()
    /// The program's input.
    public var input = InputSource.bytes([])
    /// Where the program's output goes.
    public var output = OutputSink.collected
    /// Where the program's error output goes.
    public var error = OutputSink.collected
    /// Where the kernel's log goes as it comes, beside into the result.
    public var logDestination: Int32?
    /// The emulator, found by `PATH`.
    var emulator = "qemu-system-aarch64"
    /// A descriptor that becomes readable when the run is to be given up; each byte is a signal's number.
    var signals: FileDescriptor?
    private let project: Project

    /// A machine that boots the kernel of `project`.
    public init(project: Project) { self.project = project }

    /// Puts our programs into the ramdisk, and the program that `words` name with its arguments; the shell if none.
    public mutating func load(_ words: [String], progress: Reporter) async throws {
        for name in project.programNames() {
            ramdisk.add(try project.program(named: name).contents(), at: "bin/\(name)", isExecutable: true)
        }
        let words = words.isEmpty ? ["shell"] : words
        let name = words[0]
        let program = try await ProgramFile.named(name, in: project, progress: progress)
        if !project.isProgram(name) { ramdisk.add(program.contents, at: program.guestPath, isExecutable: true) }
        configuration.program = .init(path: program.guestPath, arguments: words)
    }

    /// Runs the machine on a thread of its own and waits for its end.
    public func run() async throws -> MachineResult {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try runBlocking() }) }.start()
        }
    }

    /// Runs the machine; the calling thread is the one whose end would end the emulator.
    func runBlocking() throws -> MachineResult {
        var ramdisk = ramdisk
        let preloaded = configuration.isDeterministic ? input.wholeContent() : nil
        configuration.addBootFiles(to: &ramdisk, input: preloaded)

        let deterministic = configuration.isDeterministic
        let kind: GuestStream.Source = deterministic ? .growingFile : .channel
        let inputLink = try Link.socketPair()
        let outputLink = try deterministic ? Link.file() : Link.socketPair()
        let errorLink = try deterministic ? Link.file() : Link.socketPair()
        let logLink = try deterministic ? Link.file() : Link.socketPair()
        let ramdiskLink = try Link.file()
        _ = try ramdiskLink.host.writeAll(ramdisk.archive())
        let messages = try Link.socketPair()

        let nothing = try FileDescriptor.open(FilePath("/dev/null"), .readWrite, options: .closeOnExec)
        let arguments = Emulator(configuration: configuration, kernelImage: project.kernelImage).arguments
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
            input: GuestInput(from: preloaded == nil ? input : .bytes([]), to: inputLink.host),
            output: GuestStream(
                from: outputLink.host, kind, to: output.destination, collecting: output.isCollected),
            error: GuestStream(from: errorLink.host, kind, to: error.destination, collecting: error.isCollected),
            log: GuestStream(
                from: logLink.host, kind, to: logDestination.map { FileDescriptor(rawValue: $0) }, collecting: true),
            messages: GuestStream(from: messages.host, .channel, to: nil, collecting: true),
            signals: signals,
            deadline: configuration.timeout.map { ContinuousClock.now + $0 },
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

extension InputSource {
    /// All of it, for a machine whose time must not depend on when it arrives.
    func wholeContent() -> [UInt8] {
        switch self {
        case .bytes(let bytes): return bytes
        case .descriptor(let number):
            return (try? FileDescriptor(rawValue: number).readToEnd()) ?? []
        }
    }
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
