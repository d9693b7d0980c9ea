import Foundation

/// All scenarios, in several processes.
struct Exploration {
    let executable: String
    let jobs: Int

    /// - Parameter summary: a file that gets one more line.
    func run(appendingTo summary: String?) throws {
        let start = Date()
        let parts = max(jobs, 1) * 4
        let results = Results()
        DispatchQueue.concurrentPerform(iterations: jobs) { job in
            for part in stride(from: job, to: parts, by: jobs) {
                results.add(Worker.output(of: executable, ["scenarios", "--part", "\(part)", "--parts", "\(parts)"]))
            }
        }
        let (sums, failures) = results.all
        let seconds = Int(Date().timeIntervalSince(start))
        let line =
            "interleavings: \(sums[0]) scenarios, \(sums[1]) executions explored, \(sums[2]) pruned, \(sums[3]) steps;"
            + " \(sums[4]) scenarios unfinished; at most \(sums[5]) executions of one; \(seconds) s"
        say(line)
        if let failure = failures.first { throw Complaint(failure) }
        if sums[4] > 0 { throw Complaint("scenarios with more executions than are allowed") }
        if let summary, let file = FileHandle(forWritingAtPath: summary) {
            try file.seekToEnd()
            try file.write(contentsOf: Data((line + "\n").utf8))
        }
    }

    /// What all parts have come to.
    private final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var sums = [0, 0, 0, 0, 0, 0]
        private var failures: [String] = []

        var all: ([Int], [String]) { lock.withLock { (sums, failures) } }

        func add(_ output: String) {
            let words = output.split(whereSeparator: \.isWhitespace)
            let numbers = words.dropFirst().compactMap { Int($0) }
            lock.withLock {
                guard words.first == "part", numbers.count == 6 else { return failures.append(output) }
                for index in 0..<5 { sums[index] += numbers[index] }
                sums[5] = max(sums[5], numbers[5])
            }
        }
    }
}
