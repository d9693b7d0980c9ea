import Foundation

/// What a campaign has come to, as it is committed: also of one that was interrupted, which can go on from there.
struct Summary {
    var commit: String
    var seed: UInt64
    /// The runs that were made: all of these, without a failure.
    var runs: Range<Int>
    /// Where the campaign ends.
    var end: Int
    var operations = 0
    /// Allocations that were made to fail.
    var failures = 0
    var seconds = 0
    var counts = Counts()

    private static let title = "Random programs against the reference model (Documentation/proofs.md)"

    private static let header = "operation       performed   results"

    var text: String {
        """
        \(Self.title)

        commit      \(commit)
        seed        \(seed)
        runs        \(runs.lowerBound)..<\(runs.upperBound) of \(runs.lowerBound)..<\(end)\(runs.upperBound == end ? "" : ", not yet all")
        operations  \(operations)
        scarcity    \(failures) calls that failed for want of a frame, each with everything as before
        seconds     \(seconds)
        result      no difference, no broken rule

        \(Self.header)
        \(counts.table)

        """
    }

    func seconds(since begun: Summary) -> Int { seconds - begun.seconds }

    init(commit: String, seed: UInt64, firstRun: Int, end: Int) {
        self.commit = commit
        self.seed = seed
        runs = firstRun..<firstRun
        self.end = end
    }

    /// What a file says that ``text`` was written to; nil where it is none.
    init?(text: String) {
        var values: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            if words.count == 2 { values[words[0]] = words[1].drop { $0 == " " } }
        }
        let numbers = (values["runs"] ?? "").split { !$0.isNumber }.compactMap { Int($0) }
        guard text.hasPrefix(Self.title), let commit = values["commit"], let seed = values["seed"].flatMap({ UInt64($0) }),
            numbers.count == 4, let operations = values["operations"].flatMap({ Int($0) }),
            let failures = values["scarcity"]?.split(separator: " ").first.flatMap({ Int($0) }),
            let seconds = values["seconds"].flatMap({ Int($0) }),
            let header = text.range(of: Self.header)
        else { return nil }
        self.commit = String(commit)
        self.seed = seed
        runs = numbers[0]..<numbers[1]
        end = numbers[3]
        (self.operations, self.failures, self.seconds) = (operations, failures, seconds)
        self.counts = Counts(table: text[header.upperBound...])
    }
}

/// What all workers have done so far, run after run without a gap.
final class Progress: @unchecked Sendable {
    /// What one run came to.
    struct Run {
        var operations: Int
        var failures: Int
        var counts: Counts
    }

    private let lock = NSLock()
    private var summary: Summary
    /// Runs that ended before one that began earlier.
    private var early: [Int: Run] = [:]

    init(_ summary: Summary) { self.summary = summary }

    var now: Summary { lock.withLock { summary } }

    func set(seconds: Int) { lock.withLock { summary.seconds = seconds } }

    func add(_ run: Run, as number: Int) {
        lock.withLock {
            early[number] = run
            while let next = early.removeValue(forKey: summary.runs.upperBound) {
                summary.runs = summary.runs.lowerBound..<summary.runs.upperBound + 1
                summary.operations += next.operations
                summary.failures += next.failures
                summary.counts.add(next.counts)
            }
        }
    }
}
