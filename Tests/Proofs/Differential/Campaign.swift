import Foundation

/// Many runs in several processes: the module's traps end a process, and must not end the proof.
struct Campaign {
    let executable: String
    let operations: Int
    let seed: UInt64
    let jobs: Int
    /// The run to begin with: a long campaign can be made in parts.
    let firstRun: Int

    /// The seed of a run.
    static func seed(_ seed: UInt64, run: Int) -> UInt64 { seed << 32 | UInt64(run) }

    /// The file that says what was done, rewritten at each hundredth: a campaign that it tells the beginning of goes on.
    let summaryFile: String?
    /// What is being proven: a commit.
    let commit: String

    func run() throws {
        let perRun = Differential.operationsPerRun
        let end = firstRun + (operations + perRun - 1) / perRun
        let begun = begun(end: end)
        let progress = Progress(begun)
        let next = begun.runs.upperBound
        let workers = (0..<jobs).map { job in
            Worker(
                executable, ["runs"] + arguments([
                    "seed": seed, "first-run": next + job, "step": jobs, "end": end, "operations": perRun,
                ]))
        }
        try report(workers, progress, begun)
        let done = progress.now
        let rate = (done.operations - begun.operations) / max(done.seconds(since: begun), 1)
        say(
            "differential: \(done.operations) operations in \(done.runs.count) runs, seed \(seed), runs \(done.runs);"
                + " \(done.failures) calls failed for want of a frame; \(rate) operations a second")
        for worker in workers {
            guard let failed = worker.failedSeed else { continue }
            throw try complaint(about: failed)
        }
    }

    /// Where the campaign begins: at its beginning, or where the last one of the same commit and seed was interrupted.
    private func begun(end: Int) -> Summary {
        if let summaryFile, let text = try? String(contentsOfFile: summaryFile, encoding: .utf8),
            let found = Summary(text: text), found.commit == commit, found.seed == seed,
            found.runs.lowerBound == firstRun, found.end == end
        {
            say("differential: goes on at run \(found.runs.upperBound)")
            return found
        }
        return Summary(commit: commit, seed: seed, firstRun: firstRun, end: end)
    }

    /// Reads what the workers say until each has ended.
    private func report(_ workers: [Worker], _ progress: Progress, _ begun: Summary) throws {
        let start = Date()
        func seconds() -> Int { begun.seconds + Int(Date().timeIntervalSince(start)) }
        for worker in workers { try worker.start(progress) }
        let runs = max(begun.end - begun.runs.lowerBound, 1)
        var shown = begun.runs.count * 100 / runs
        while workers.contains(where: { $0.isRunning }) {
            Thread.sleep(forTimeInterval: 0.2)
            let done = progress.now
            let hundredth = done.runs.count * 100 / runs
            if hundredth > shown {
                if hundredth / 10 > shown / 10 { say("differential: \(done.operations) operations, \(seconds()) s") }
                shown = hundredth
                write(progress, seconds())
            }
            if workers.contains(where: { $0.failedSeed != nil }) { for worker in workers { worker.stop() } }
        }
        write(progress, seconds())
    }

    private func write(_ progress: Progress, _ seconds: Int) {
        progress.set(seconds: seconds)
        guard let summaryFile else { return }
        try? progress.now.text.write(toFile: summaryFile, atomically: true, encoding: .utf8)
    }

    private func arguments(_ values: [String: any BinaryInteger]) -> [String] {
        values.sorted { $0.key < $1.key }.flatMap { ["--\($0.key)", "\($0.value)"] }
    }

    /// What a worker process does: one run after another, saying so.
    static func work(seed: UInt64, first: Int, step: Int, end: Int, operations: Int) throws {
        for run in stride(from: first, to: end, by: step) {
            say("begin \(Campaign.seed(seed, run: run))")
            let (failures, counts) = try Differential.run(seed: Campaign.seed(seed, run: run), operations: operations)
            say("end \(run) \(operations) \(failures) \(counts.line)")
        }
    }

    // MARK: Failures

    /// Makes the program of a failed run small, and says what it is.
    private func complaint(about seed: UInt64) throws -> Complaint {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akuma-proofs-\(seed)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("program").path
        _ = Worker.output(of: executable, ["record", file, "--seed", "\(seed)"])
        var shrinking = Shrinking(
            program: try Program(listing: String(contentsOfFile: file, encoding: .utf8)), executable: executable,
            file: file)
        guard shrinking.fails(shrinking.program) else {
            return Complaint("seed \(seed) fails, and its program by itself does not: \(file)")
        }
        try shrinking.shrink()
        let reason = Worker.output(of: executable, ["replay", file])
        return Complaint(
            """
            seed \(seed) fails. What is left of its program, to be run again by `proofs replay \(file)`:
            \(shrinking.program.listing)\(reason)
            """)
    }
}

/// A process of this program that does a part of the work.
final class Worker: @unchecked Sendable {
    private let process = Process()
    private let output = Pipe()
    private let lock = NSLock()
    private var current: UInt64?
    private var isOver = false

    init(_ executable: String, _ arguments: [String]) {
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.environment = Self.environment("enable=no")
    }

    var isRunning: Bool { lock.withLock { !isOver } }

    /// The seed of the run in which the process ended otherwise than well.
    var failedSeed: UInt64? { lock.withLock { isOver ? current : nil } }

    func stop() { if process.isRunning { process.terminate() } }

    func start(_ progress: Progress) throws {
        try process.run()
        Thread.detachNewThread { [self] in
            var pending = ""
            while true {
                let data = output.fileHandleForReading.availableData
                if data.isEmpty { break }
                pending += String(decoding: data, as: UTF8.self)
                var lines = pending.split(separator: "\n", omittingEmptySubsequences: false)
                pending = String(lines.removeLast())
                for line in lines { take(line, progress) }
            }
            process.waitUntilExit()
            let wasStopped = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM
            lock.withLock {
                if wasStopped { current = nil }
                isOver = true
            }
        }
    }

    private func take(_ line: Substring, _ progress: Progress) {
        let words = line.split(separator: " ", maxSplits: 4)
        switch words.first {
        case "begin": lock.withLock { current = words.last.flatMap { UInt64($0) } }
        case "end":
            guard words.count == 5, let run = Int(words[1]), let operations = Int(words[2]), let failures = Int(words[3])
            else { return }
            lock.withLock { current = nil }
            progress.add(
                Progress.Run(operations: operations, failures: failures, counts: Counts(line: words[4])), as: run)
        default: break
        }
    }

    /// Fixes the order of dictionaries, by which a seed or a program does in each run what it did in the first.
    private static let determinism = "SWIFT_DETERMINISTIC_HASHING"

    /// The environment of a process that shows this of a trap.
    private static func environment(_ backtrace: String) -> [String: String] {
        let added = ["SWIFT_BACKTRACE": backtrace, determinism: "1"]
        return ProcessInfo.processInfo.environment.merging(added) { _, new in new }
    }

    /// Whether this process was started so that it does in each run the same.
    static var isDeterministic: Bool { ProcessInfo.processInfo.environment[determinism] != nil }

    /// Runs a process to its end: what it wrote to either stream.
    static func output(of executable: String, _ arguments: [String]) -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        process.environment = Self.environment(
            "color=no,limit=12,threads=crashed,registers=none,images=none,sanitize=yes")
        guard (try? process.run()) != nil else { return "\(executable) does not run" }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    /// Runs a process to its end, on this one's streams: its exit status, 1 where a signal ended it.
    static func status(of executable: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment("color=no")
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 1
    }

    /// Whether a process ends well.
    static func succeeds(_ executable: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.environment = Self.environment("enable=no")
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}
