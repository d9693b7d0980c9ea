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
        if program.guestPath == "/bin/busybox" {
            // As a system installs it: its shell finds `ls` and the others by their names.
            for applet in Applets.names(in: program.contents) where applet != "busybox" && !project.isProgram(applet) {
                ramdisk.addLink(at: "bin/" + applet, to: "busybox")
            }
        }
        configuration.program = .init(path: program.guestPath, arguments: words)
    }

    /// Runs the machine on a thread of its own and waits for its end.
    public func run() async throws -> MachineResult {
        try await EmulatorSession.onOwnThread { try runBlocking() }
    }

    /// Runs the machine; the calling thread is the one whose end would end the emulator.
    func runBlocking() throws -> MachineResult {
        var ramdisk = ramdisk
        let preloaded = configuration.isDeterministic ? input.wholeContent() : nil
        configuration.addBootFiles(to: &ramdisk, input: preloaded)

        let session = EmulatorSession(
            emulator: emulator,
            arguments: Emulator(configuration: configuration, kernelImage: project.kernelImage).arguments,
            isDeterministic: configuration.isDeterministic, timeout: configuration.timeout,
            input: preloaded == nil ? input : .bytes([]), output: output, error: error,
            logDestination: logDestination, signals: signals)
        return try session.run(with: try ramdisk.archive())
    }
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
