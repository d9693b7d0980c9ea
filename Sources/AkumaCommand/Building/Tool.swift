import Foundation
import Subprocess
import SystemPackage

/// A program of the host that the command makes use of: the Swift toolchain's or Debian's.
struct Tool: Sendable {
    private let executable: Executable
    /// What a message calls it.
    let name: String

    /// A tool found by `PATH`.
    init(_ name: String) {
        self.name = name
        executable = .name(name)
    }

    /// A tool of the Swift toolchain: beside `swift` itself, so that versions agree, or else by `PATH`.
    static func toolchain(_ name: String) -> Tool {
        for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
            let swift = URL(fileURLWithPath: "\(folder)/swift")
            guard FileManager.default.isExecutableFile(atPath: swift.path) else { continue }
            let beside = swift.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(name)
            if FileManager.default.isExecutableFile(atPath: beside.path) {
                return Tool(name: name, path: FilePath(beside.path))
            }
        }
        return Tool(name)
    }

    /// Where a tool found by `PATH` is, or nil.
    static func path(of name: String) -> FilePath? {
        for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return FilePath(path) }
        }
        return nil
    }

    private init(name: String, path: FilePath) {
        self.name = name
        executable = .path(path)
    }

    /// How a tool ended and everything that it wrote, both streams together.
    struct Result: Sendable {
        let succeeded: Bool
        let output: String

        /// What to show of a failure: a compiler's errors, each once, or else the last lines.
        var reason: String {
            let lines = output.split(separator: "\n")
            var seen: Set<Substring> = []
            let errors = lines.filter { $0.contains("error:") && !$0.contains("`-") && !$0.contains("|-") }
                .filter { seen.insert($0).inserted }
            return (errors.isEmpty ? Array(lines.suffix(40)) : errors).joined(separator: "\n") + "\n"
        }
    }

    /// Runs the tool to its end, without input.
    func run(
        _ arguments: [String], in folder: FilePath? = nil, environment: [String: String] = [:], input: String = ""
    ) async throws -> Result {
        var variables: [Environment.Key: String?] = [:]
        for (key, value) in environment {
            if let key = Environment.Key(rawValue: key) { variables[key] = value }
        }
        let result: ExecutionResult<Void, StringOutput<UTF8>, CombinedErrorOutput>
        do {
            result = try await Subprocess.run(
                executable, arguments: Arguments(arguments), environment: .inherit.updating(variables),
                workingDirectory: folder, input: .string(input), output: .string(limit: 64 << 20),
                error: .combinedWithOutput)
        } catch {
            throw Failure("\(name) did not run: \(error)")
        }
        return Result(succeeded: result.terminationStatus.isSuccess, output: result.standardOutput)
    }

    /// Runs the tool to its end and throws with what it wrote unless it succeeds.
    @discardableResult
    func check(
        _ arguments: [String], in folder: FilePath? = nil, environment: [String: String] = [:], saying what: String
    ) async throws -> String {
        let result = try await run(arguments, in: folder, environment: environment)
        guard result.succeeded else {
            Reporter.write(result.reason)
            throw Failure("\(what) failed: \(name) says why above")
        }
        return result.output
    }
}
