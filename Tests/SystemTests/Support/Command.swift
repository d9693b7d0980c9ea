import Foundation
import Subprocess
import SystemPackage

@testable import AkumaCommand

/// How a command of the host ended, and what it wrote.
struct CommandResult: Sendable {
    /// As a shell gives it: 128 + N for signal N.
    let status: Int32
    let output: [UInt8]
    let error: [UInt8]

    var text: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: error, as: UTF8.self) }
    var account: String { "status \(status)\n--- output\n\(text.suffix(2000))\n--- error\n\(errorText.suffix(2000))" }
}

/// Commands of the host, `./akuma` among them.
enum Command {
    /// Runs `./akuma` as a user does.
    static func akuma(_ arguments: String..., input: [UInt8] = []) async throws -> CommandResult {
        try await Guest.built.value
        let entry = Guest.project.root.appending("akuma").string
        return try await Turn.take { try await run(entry, arguments, input: input) }
    }

    /// Runs a line of shell in which `$akuma` is the entry, in `folder`.
    static func shell(_ line: String, in folder: FilePath? = nil, input: [UInt8] = []) async throws -> CommandResult {
        try await Guest.built.value
        let script = "akuma='\(Guest.project.root.appending("akuma"))'\n" + line
        return try await Turn.take { try await run("/bin/bash", ["-c", script], in: folder, input: input) }
    }

    /// Runs a command to its end.
    static func run(
        _ path: String, _ arguments: [String], in folder: FilePath? = nil, input: [UInt8] = []
    ) async throws -> CommandResult {
        let result = try await Subprocess.run(
            path.contains("/") ? .path(FilePath(path)) : .name(path), arguments: Arguments(arguments),
            workingDirectory: folder, input: .array(input), output: .bytes(limit: 64 << 20),
            error: .bytes(limit: 64 << 20))
        let status: Int32
        switch result.terminationStatus {
        case .exited(let code): status = code
        case .signaled(let signal): status = 128 + signal
        }
        return CommandResult(status: status, output: result.standardOutput, error: result.standardError)
    }
}

/// A folder that is gone when the body ends.
func withTemporaryFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
    let folder = FilePath(NSTemporaryDirectory()).appending("akuma-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    return try await body(folder)
}
