import MemoryModel

/// How often each kind of operation came to which result. Where allocations are made to fail, each try counts.
struct Counts {
    /// By operation, then by result: names without blanks.
    private(set) var results: [String: [String: Int]] = [:]

    mutating func add(_ operation: String, _ result: String, _ count: Int = 1) {
        results[operation, default: [:]][result, default: 0] += count
    }

    mutating func add(_ other: Counts) {
        for (operation, results) in other.results {
            for (result, count) in results { add(operation, result, count) }
        }
    }

    /// One line of `operation.result=count`, and back.
    var line: String {
        results.flatMap { operation, results in results.map { "\(operation).\($0.key)=\($0.value)" } }
            .joined(separator: " ")
    }

    init() {}

    init(line: some StringProtocol) {
        for word in line.split(separator: " ") {
            let parts = word.split(whereSeparator: { $0 == "." || $0 == "=" })
            guard parts.count == 3, let count = Int(parts[2]) else { continue }
            add(String(parts[0]), String(parts[1]), count)
        }
    }

    /// What a ``table`` shows.
    init(table: some StringProtocol) {
        for row in table.split(separator: "\n") where !row.hasPrefix(Self.together) {
            let words = row.split { $0 == " " || $0 == "," }
            for index in stride(from: 2, to: words.count - 1, by: 2) {
                add(String(words[0]), String(words[index]), Int(words[index + 1]) ?? 0)
            }
        }
    }

    private static let together = "together"

    /// A line for each operation, and one for all.
    var table: String {
        var totals: [String: Int] = [:]
        func row(_ name: String, _ results: [String: Int]) -> String {
            let all = results.values.reduce(0, +)
            let parts = results.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
            return name.padded(to: 16) + "\(all)".padded(to: 12) + parts.joined(separator: ", ")
        }
        var rows: [String] = []
        for (operation, results) in results.sorted(by: { $0.key < $1.key }) {
            rows.append(row(operation, results))
            totals.merge(results) { $0 + $1 }
        }
        return (rows + [row(Self.together, totals)]).joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 1))
    }
}

/// What a result is called in ``Counts``.
protocol NamedResult {
    var resultName: String { get }
}

extension MapError: NamedResult {
    var resultName: String {
        switch self {
        case .invalidArgument: "EINVAL"
        case .outOfMemory: "ENOMEM"
        case .exists: "EEXIST"
        case .notPermitted: "EPERM"
        case .accessDenied: "EACCES"
        case .overflow: "EOVERFLOW"
        case .badAddress: "EFAULT"
        case .tryAgain: "EAGAIN"
        case .badFile: "EBADF"
        }
    }
}

extension FaultError: NamedResult {
    var resultName: String {
        switch self {
        case .notMapped: "SEGV_MAPERR"
        case .accessDenied: "SEGV_ACCERR"
        case .guarded: "guard"
        case .beyondEnd: "BUS_ADRERR"
        case .outOfMemory: "no_frame"
        case .overcommitted: "no_promise"
        }
    }
}
