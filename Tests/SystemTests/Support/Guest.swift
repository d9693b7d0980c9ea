import Foundation
import SystemPackage

@testable import AkumaCommand

/// Booting the real kernel from a test.
enum Guest {
    /// The project under test.
    static let project = Project.current()

    /// Built once, by whichever test comes first, with busybox fetched: a command that a test runs finds everything there
    /// and says nothing of its own, in a fresh clone too.
    static let built = Task {
        try await Builder(project: project).build()
        _ = try await DebianPackage.busybox.file("bin/busybox", in: project, Reporter())
    }

    /// Guards against a machine that hangs; no test depends on how fast it is.
    static let patience = Duration.seconds(180)

    /// Boots a machine that runs `words`, the shell if there are none, and waits for its end.
    static func run(
        _ words: String..., input: [UInt8] = [], files: [String: [UInt8]] = [:],
        configure: (inout MachineConfiguration) -> Void = { _ in }
    ) async throws -> MachineResult {
        try await run(words, input: input, files: files, configure: configure)
    }

    /// The same with the words in an array.
    static func run(
        _ words: [String], input: [UInt8] = [], files: [String: [UInt8]] = [:],
        configure: (inout MachineConfiguration) -> Void = { _ in }
    ) async throws -> MachineResult {
        try await built.value
        var machine = Machine(project: project)
        machine.configuration.timeout = patience
        configure(&machine.configuration)
        machine.input = .bytes(input)
        for (path, contents) in files.sorted(by: { $0.key < $1.key }) { machine.ramdisk.add(contents, at: path) }
        try await machine.load(words, progress: Reporter())
        return try await Turn.take { [machine] in try await machine.run() }
    }

    /// Boots the same machine with Debian's Linux, fetched when it is not there yet, and runs `words` in it.
    static func runOnLinux(
        _ words: String..., input: [UInt8] = [], configure: (inout MachineConfiguration) -> Void = { _ in }
    ) async throws -> MachineResult {
        try await runOnLinux(words, input: input, configure: configure)
    }

    /// The same with the words in an array.
    static func runOnLinux(
        _ words: [String], input: [UInt8] = [], configure: (inout MachineConfiguration) -> Void = { _ in }
    ) async throws -> MachineResult {
        try await built.value
        var machine = try await LinuxMachine(project: project, progress: Reporter())
        machine.configuration.timeout = patience
        configure(&machine.configuration)
        machine.input = .bytes(input)
        try await machine.load(words, progress: Reporter())
        return try await Turn.take { [machine] in try await machine.run() }
    }

    /// Builds and then gives the path of one of our programs, for running it elsewhere.
    static func program(_ name: String) async throws -> FilePath {
        try await built.value
        return project.program(named: name)
    }
}

extension MachineResult {
    /// The program's output as text.
    var text: String { String(decoding: output, as: UTF8.self) }
    /// The program's error output as text.
    var errorText: String { String(decoding: error, as: UTF8.self) }
    /// Everything, for the message of a test that fails.
    var account: String {
        "\(outcome)\n--- output\n\(text.suffix(2000))\n--- error\n\(errorText.suffix(2000))\n--- log\n\(log.suffix(3000))"
    }
}
