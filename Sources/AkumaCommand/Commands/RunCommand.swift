import ArgumentParser
import Foundation
import SystemPackage

/// `akuma run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Boot a fresh machine and run a program in it: the shell, one of ours, or a static AArch64 ELF.",
        usage: "akuma run [OPTION …] [PROGRAM [ARGUMENT …]]",
        discussion: """
            PROGRAM is a name from Programs/, `busybox` (Debian's, for arm64), or the path of a static AArch64 ELF. \
            What follows it is the program's own. Its streams are yours, byte by byte, and so is its exit status: \
            128 + N when signal N ended it.

            EXAMPLES
              ./akuma run
              ./akuma run hello
              ./akuma run --file notes.txt busybox sha256sum notes.txt
              printf 'b\\na\\n' | ./akuma run busybox sort
              ./akuma run --verbose=memory --deterministic memory-tour
              ./akuma run --linux bench
              ./akuma run --gdb hello      then: gdb-multiarch -ex 'target remote :1234'

            EXIT STATUS
              64   the command line is wrong
              124  the time of --timeout was over
              125  the machine failed: a kernel panic, a build, the emulator
              126  PROGRAM is not one that can run, or a --file can't be read
              127  PROGRAM was not found
            """)

    @Option(help: ArgumentHelp("RAM of the machine, from 32M to 500G.", valueName: "size"))
    var memory = MemorySize(bytes: 256 << 20)

    @Option(help: "The CPU.")
    var cpu = MachineConfiguration.CPU.max

    @Option(help: ArgumentHelp("The version of the interrupt controller: 2 or 3.", valueName: "version"))
    var gic = 3

    @Option(help: ArgumentHelp("The number of CPUs. Only 1 works.", valueName: "count"))
    var cpus = 1

    @Option(help: ArgumentHelp("End the machine after this time, with status 124.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("Set a variable of the program's environment.", valueName: "name=value"))
    var env: [String] = []

    @Option(help: ArgumentHelp("Put a file or folder of the host into the machine.", valueName: "host[:guest]"))
    var file: [String] = []

    @Flag(help: "Count instructions as time, fix seeds and clock, read all input first: two runs give the same bytes.")
    var deterministic = false

    @Option(
        help: ArgumentHelp(
            "Show the kernel's log on standard error; with `=memory` also each mapping, with `=calls` each system call.",
            valueName: "kernel|memory|calls"))
    var verbose: MachineConfiguration.Log?

    @Flag(help: "Let programs ask the kernel about their memory, entry by entry, as memory-tour does.")
    var debug = false

    @Flag(help: "Start programs at random places in the high region, instead of where they always are.")
    var aslr = false

    @Option(
        help: ArgumentHelp(
            "How much memory may be promised, as Linux's vm.overcommit_memory: 0 all but the absurd, 1 anything, 2 what there is.",
            valueName: "mode"))
    var overcommit = 0

    @Flag(
        help: """
            Boot Debian's Linux 6.1 in Akuma's place, to compare: time counts instructions, and input is read first.
            """)
    var linux = false

    @Flag(help: "Wait for gdb on TCP port 1234 before the first instruction.")
    var gdb = false

    @Option(help: ArgumentHelp(visibility: .hidden))
    var append: [String] = []

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The program and its arguments.", valueName: "program"))
    var command: [String] = []

    func validate() throws {
        guard cpus == 1 else {
            throw ValidationError("--cpus \(cpus): the kernel runs on one CPU only; it does not start the others yet")
        }
        guard gic == 2 || gic == 3 else { throw ValidationError("--gic \(gic): the interrupt controller is 2 or 3") }
        guard memory.bytes >= 32 << 20, memory.bytes <= 500 << 30 else {
            throw ValidationError("--memory: from 32M to 500G")
        }
        guard 0...2 ~= overcommit else { throw ValidationError("--overcommit \(overcommit): the mode is 0, 1 or 2") }
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout \(timeout): a number of seconds above 0")
        }
        if linux, command.isEmpty { throw ValidationError("--linux: name a program") }
        if linux {
            for (isGiven, option) in [
                (debug, "--debug"), (aslr, "--aslr"), (overcommit != 0, "--overcommit"),
                (verbose == .memory || verbose == .calls, "--verbose=memory and --verbose=calls"),
            ] where isGiven {
                throw ValidationError("--linux: \(option) is for Akuma's kernel, not for Linux")
            }
        }
        if let odd = env.first(where: { !$0.contains("=") || $0.hasPrefix("=") || $0.contains("\0") }) {
            throw ValidationError("--env \(odd): it must be NAME=VALUE")
        }
        if let word = command.first, word.hasPrefix("-"), word != "--" {
            throw ValidationError("Unknown option '\(word)'")
        }
    }

    func run() async throws {
        let project = Project.current()
        let progress = Reporter()
        var words = command
        if words.first == "--" { words.removeFirst() }

        var machine = Machine(project: project)
        machine.configuration = machineConfiguration
        for argument in file { try FileArgument(argument).add(to: &machine.ramdisk, fixingTime: deterministic) }
        // What is not ours is checked before anything is built.
        if let name = words.first, !project.isProgram(name) {
            _ = try await ProgramFile.named(name, in: project, progress: progress)
        }
        do {
            try await Builder(project: project, progress: progress).build()
        } catch let failure as Failure {
            throw Failure(failure.description, status: .machine)
        }
        if linux { return try await runOnLinux(words, of: project, files: machine.ramdisk, progress) }
        try await machine.load(words, progress: progress)
        machine.input = .descriptor(FileDescriptor.standardInput.rawValue)
        machine.output = .descriptor(FileDescriptor.standardOutput.rawValue)
        machine.error = .descriptor(FileDescriptor.standardError.rawValue)
        if verbose != nil { machine.logDestination = FileDescriptor.standardError.rawValue }
        if gdb { progress.step("waiting for gdb: gdb-multiarch \(project.kernelSymbols) -ex 'target remote :1234'") }

        signal(SIGPIPE, SIG_IGN)
        machine.signals = try SignalWatch.install()
        try await finish(try await machine.run(), of: project)
    }

    private func runOnLinux(
        _ words: [String], of project: Project, files: Ramdisk, _ progress: Reporter
    ) async throws {
        var machine = try await LinuxMachine(project: project, progress: progress)
        machine.configuration = machineConfiguration
        machine.configuration.isDeterministic = true
        machine.ramdisk = files
        machine.input = .descriptor(FileDescriptor.standardInput.rawValue)
        try await machine.load(words, progress: progress)
        progress.step("booting Linux \(machine.version)")
        let result = try await machine.run()
        _ = try? FileDescriptor.standardOutput.writeAll(result.output)
        _ = try? FileDescriptor.standardError.writeAll(result.error)
        if verbose != nil { Reporter.write(result.log) }
        try await finish(result, of: project)
    }

    private var machineConfiguration: MachineConfiguration {
        var configuration = MachineConfiguration()
        configuration.memory = memory.bytes
        configuration.cpu = cpu
        configuration.gicVersion = gic
        configuration.isDeterministic = deterministic
        configuration.timeout = timeout.map { .seconds($0) }
        configuration.log = verbose ?? .kernel
        configuration.hasDebuggingInterface = debug
        configuration.randomisesLayout = aslr
        configuration.overcommit = overcommit
        configuration.waitsForDebugger = gdb
        configuration.kernelArguments = append
        configuration.environment.removeAll { old in
            env.contains { $0.split(separator: "=")[0] == old.split(separator: "=")[0] }
        }
        configuration.environment += env
        return configuration
    }

    /// Ends this process as the machine ended.
    private func finish(_ result: MachineResult, of project: Project) async throws {
        switch result.outcome {
        case .exited(let status): throw ExitCode(status)
        case .interrupted(let signal): SignalWatch.endProcess(by: signal)
        case .outputClosed: SignalWatch.endProcess(by: SIGPIPE)
        case .timedOut:
            throw Failure("the machine was ended after \(timeout ?? 0) seconds", status: .timedOut)
        case .emulatorFailed(let words):
            let text = words.split(separator: "\n").joined(separator: "; ")
            throw Failure("the machine did not start: \(text.isEmpty ? "QEMU gave no reason" : text)", status: .machine)
        case .panicked(let report):
            Reporter.write(await KernelLog.symbolised(report, symbols: project.kernelSymbols))
            throw Failure("the kernel panicked", status: .machine)
        }
    }

    /// `arguments` with a bare `--verbose` spelt out as `--verbose=kernel`, and a request for help moved out of
    /// the program's arguments, as far as the options of `run` go.
    static func spellingOut(_ arguments: [String]) -> [String] {
        guard arguments.first == "run" else { return arguments }
        let withValue = ["--memory", "--cpu", "--gic", "--cpus", "--timeout", "--env", "--file", "--append"]
        var result = arguments
        var index = 1
        while index < result.count, result[index].hasPrefix("-"), result[index] != "--" {
            if ["-h", "--help"].contains(result[index]) { return ["help", "run"] }
            if result[index] == "--verbose" { result[index] = "--verbose=kernel" }
            index += withValue.contains(result[index]) ? 2 : 1
        }
        return result
    }
}

extension MachineConfiguration.CPU: ExpressibleByArgument {}
extension MachineConfiguration.Log: ExpressibleByArgument {}

/// A size of memory as it is written on the command line: a number with K, M or G.
struct MemorySize: ExpressibleByArgument, CustomStringConvertible {
    /// The size in bytes.
    let bytes: UInt64

    init(bytes: UInt64) { self.bytes = bytes }

    init?(argument: String) {
        guard let unit = argument.last, let shift = ["K": 10, "M": 20, "G": 30][unit.uppercased()],
            let number = UInt64(argument.dropLast()), number < 1 << 20
        else { return nil }
        bytes = number << UInt64(shift)
    }

    var description: String { "\(bytes >> 20)M" }
}

/// The value of `--file`: a file or folder of the host, and where the guest sees it.
struct FileArgument {
    let host: FilePath
    let guest: String

    /// The part after the last colon is the guest's path, unless the whole names something that exists.
    init(_ argument: String) throws {
        if !FilePath(argument).exists, let colon = argument.lastIndex(of: ":"), colon != argument.startIndex {
            host = FilePath(String(argument[..<colon]))
            guest = String(argument[argument.index(after: colon)...])
        } else {
            host = FilePath(argument)
            guest = host.resolvingLinks.lastComponent?.string ?? ""
        }
        guard host.exists else { throw Failure("--file \(argument): there is no file \(host)", status: .notRunnable) }
        let names = guest.split(separator: "/").filter { $0 != "." }
        guard let first = names.first, first != ".akuma", !names.contains("..") else {
            throw Failure(
                "--file \(argument): '\(guest)' cannot be the name of a file in the guest", status: .notRunnable)
        }
    }

    func add(to ramdisk: inout Ramdisk, fixingTime: Bool) throws {
        do {
            try ramdisk.add(fileAt: host, at: guest, fixedTime: fixingTime ? Ramdisk.fixedTime : nil)
        } catch let error as CocoaError {
            throw Failure("--file \(host): it cannot be read: \(error.localizedDescription)", status: .notRunnable)
        }
    }
}
