import Foundation
import SystemPackage

/// One run of the package's tests by `swift test`, watched through the event stream.
struct TestRun {
    let project: Project
    let progress: Reporter

    /// The least share of the memory model's lines that the tests must run, in percent.
    static let coverageLimit = 95.0

    private var scratch: FilePath { project.root.appending(".build-test") }
    private var common: [String] { ["--enable-code-coverage", "--scratch-path", scratch.string] }

    /// Builds the tests with coverage, in a scratch path of their own so that the host tool's stays as it is.
    func build() async throws {
        progress.step("building the tests")
        try await Tool.toolchain("swift").check(
            ["build", "--build-tests"] + common, in: project.root, environment: ["AKUMA_WORLD": "host"],
            saying: "building the tests")
    }

    /// Runs the tests that the arguments of `swift test` select: how many passed, how many failed.
    func run(selecting selection: [String], isLong: Bool) async throws -> (passed: Int, failed: Int) {
        let stream = scratch.appending("events-\(getpid()).jsonl")
        try stream.replaceContents(with: [])
        defer { try? FileManager.default.removeItem(atPath: stream.string) }
        let isOver = Flag()
        let watching = Task {
            var events = TestEvents()
            let file = try FileDescriptor.open(stream, .readOnly, options: .closeOnExec)
            defer { try? file.close() }
            var isLast = false
            while !isLast {
                isLast = isOver.isSet
                try report(events.take(try file.readToEnd()))
                if !isLast { try await Task.sleep(for: .milliseconds(200)) }
            }
            return events
        }
        progress.step("running the tests")
        let result = try await Tool.toolchain("swift").run(
            [
                "test", "--skip-build", "--disable-xctest", "--event-stream-output-path", stream.string,
                "--event-stream-version", "0",
            ] + common + selection,
            in: project.root,
            environment: [
                "AKUMA_WORLD": "host", "AKUMA_ROOT": project.root.string, "AKUMA_LONG": isLong ? "1" : "0",
            ])
        isOver.set()
        let events = try await watching.value
        // What a failed test had to say, and what killed the process if something did, is in the output.
        if !result.succeeded { Reporter.write(Self.essence(of: result.output)) }
        for title in events.unfinished { progress.step("failed: \(title): the test process ended before the test did") }
        let failed = events.failed + events.unfinished.count
        return (events.passed, result.succeeded || failed > 0 ? failed : 1)
    }

    /// The coverage of the memory model in the last run.
    func memoryModelCoverage() async throws -> Coverage {
        let path = try await Tool.toolchain("swift").check(
            ["test", "--show-codecov-path", "--scratch-path", scratch.string], in: project.root,
            environment: ["AKUMA_WORLD": "host"], saying: "asking for the coverage")
        let report = FilePath(path.split(separator: "\n").last.map(String.init) ?? "")
        return try Coverage(of: project.root.appending("Sources/MemoryModel"), in: try report.contents())
    }

    private func report(_ ended: [TestEvents.Ended]) {
        for test in ended {
            let time = String(format: "%.1f s", test.seconds)
            progress.step("\(test.hasPassed ? "passed" : "FAILED"): \(test.title) (\(time))")
        }
    }

    /// The lines of swift-testing's output that are about something wrong.
    private static func essence(of output: String) -> String {
        var isAboutFailure = false
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            switch line.first {
            case "✘": isAboutFailure = true
            case "◇", "✔", "➜", "━", "[": isAboutFailure = false
            case "↳": break
            default: isAboutFailure = isAboutFailure || line.contains("rror")
            }
            return isAboutFailure
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A flag that one task sets and another reads.
    private final class Flag: Sendable {
        private let value = NSLock()
        nonisolated(unsafe) private var stored = false

        var isSet: Bool { value.withLock { unsafe stored } }
        func set() { value.withLock { unsafe stored = true } }
    }
}

extension FileDescriptor {
    /// Everything from the file's current place to its end.
    func readToEnd() throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe read(into: $0) }
            if count == 0 { return all }
            all += buffer.prefix(count)
        }
    }
}
