import Foundation
import SystemPackage

/// The machine that ``Machine`` is, with Debian's Linux in Akuma's place: the same emulator, CPU, RAM and clock, the same
/// program with the same arguments, streams and end.
///
/// The program `linux-init` is the first process. It does what Akuma's kernel does by itself: it finds the ports, gives
/// them to the program as its streams, waits for it and ends the machine with its status.
public struct LinuxMachine: Sendable {
    /// What the machine is. The options that are Akuma's own have no effect.
    public var configuration = MachineConfiguration()
    /// Its files, beside the program and what ``MachineConfiguration`` adds.
    public var ramdisk = Ramdisk()
    /// The program's input, read to its end before the start.
    public var input = InputSource.bytes([])
    private let kernel: LinuxKernel
    private let project: Project

    /// Words that make Linux as cheap as it can be, so that it is the fairest opponent: no huge pages, no clearing at
    /// allocation, no accounting, no mitigations, no audit, no watchdog, no sampling.
    public static let tuning =
        "transparent_hugepage=never init_on_alloc=0 cgroup_disable=memory mitigations=off audit=0 nowatchdog "
        + "kfence.sample_interval=0"

    /// The words without which it would not run as it should here: the log on the serial line, the first program, no
    /// random addresses, and the end of the machine when it panics.
    private static let necessities = "console=ttyAMA0 rdinit=/bin/linux-init nokaslr norandmaps panic=-1"

    /// What `linux-init` writes into the log before the number.
    private static let statusMark = "linux-init: status "

    /// A machine that boots Debian's kernel, which is fetched when it is not there yet.
    public init(project: Project, progress: Reporter) async throws {
        self.project = project
        kernel = try await LinuxKernel.fetched(for: project, progress: progress)
        configuration.isDeterministic = true
    }

    /// The version of the kernel, such as `6.1.0-50-arm64`.
    public var version: String { kernel.version }

    /// Puts the program that `words` name with its arguments into the ramdisk.
    public mutating func load(_ words: [String], progress: Reporter) async throws {
        guard let name = words.first else { throw Failure("a machine with Linux needs a program to run") }
        let program = try await ProgramFile.named(name, in: project, progress: progress)
        ramdisk.add(program.contents, at: program.guestPath, isExecutable: true)
        configuration.program = .init(path: program.guestPath, arguments: words)
    }

    /// Runs the machine and waits for its end.
    public func run() async throws -> MachineResult {
        try await EmulatorSession.onOwnThread { try runBlocking() }
    }

    private func runBlocking() throws -> MachineResult {
        let emulator = Emulator(
            configuration: configuration, kernelImage: kernel.image,
            commandLine: Self.necessities + " " + Self.tuning)
        let session = EmulatorSession(
            emulator: "qemu-system-aarch64", arguments: emulator.arguments,
            isDeterministic: configuration.isDeterministic, timeout: configuration.timeout,
            input: .bytes([]), output: .collected, error: .collected, logDestination: nil, signals: nil)
        let result = try session.run(with: try bootRamdisk().archive())
        return MachineResult(
            outcome: Self.outcome(result.outcome, log: result.log), output: result.output, error: result.error,
            log: result.log)
    }

    /// The ramdisk with `linux-init`, the modules, and the boot files that Akuma's kernel reads too.
    private func bootRamdisk() throws -> Ramdisk {
        var ramdisk = ramdisk
        configuration.addBootFiles(to: &ramdisk, input: input.wholeContent())
        ramdisk.add(try project.program(named: "linux-init").contents(), at: "bin/linux-init", isExecutable: true)
        // The order of loading is in the names.
        for (index, module) in kernel.modules.enumerated() {
            ramdisk.add(try module.contents(), at: ".akuma/modules/\(index)-\(module.lastComponent?.string ?? "")")
        }
        return ramdisk
    }

    /// How the machine ended, by what its log says; `ending` is what the emulator's end alone tells.
    static func outcome(_ ending: Outcome, log: String) -> Outcome {
        guard case .exited = ending else { return ending }
        let lines = log.split(whereSeparator: \.isNewline)
        if let index = lines.firstIndex(where: { $0.contains("Kernel panic - not syncing") }) {
            let reason = lines[..<index].filter { $0.contains("linux-init: ") }
            return .panicked((reason + lines[index...].prefix(1)).joined(separator: "\n"))
        }
        guard let line = lines.last(where: { $0.contains(statusMark) }), let mark = line.range(of: statusMark),
            let status = Int32(line[mark.upperBound...])
        else { return .emulatorFailed("Linux ended without a word on the program's end") }
        return .exited(status)
    }
}
