import Foundation

/// What a run of tests has come to so far, as its event stream tells it (swift-testing, event stream version 0).
struct TestEvents {
    /// A test function that ended.
    struct Ended {
        /// What it is called, the module first.
        let title: String
        let hasPassed: Bool
        /// From its start to its end.
        let seconds: Double
    }

    private(set) var passed = 0
    private(set) var failed = 0
    private var titles: [String: String] = [:]
    private var started: [String: Double] = [:]
    private var partialLine: [UInt8] = []

    /// The tests that began and never ended: the process died under them.
    var unfinished: [String] { started.keys.compactMap { titles[$0] }.sorted() }

    /// Takes the next bytes of the stream, cut anywhere, and gives the tests that ended in them.
    mutating func take(_ bytes: some Sequence<UInt8>) throws -> [Ended] {
        var ended: [Ended] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                partialLine.append(byte)
                continue
            }
            if let test = try take(line: partialLine) { ended.append(test) }
            partialLine.removeAll(keepingCapacity: true)
        }
        return ended
    }

    private mutating func take(line: [UInt8]) throws -> Ended? {
        let record = try JSONDecoder().decode(Record.self, from: Data(line))
        let payload = record.payload
        if record.kind == "test", payload.kind == "function", let identifier = payload.id {
            let module = identifier.prefix { $0 != "." && $0 != "/" }
            titles[identifier] = "\(module): \(payload.displayName ?? payload.name ?? identifier)"
        }
        guard record.kind == "event", let identifier = payload.testID, let title = titles[identifier] else {
            return nil
        }
        switch payload.kind {
        case "testStarted":
            started[identifier] = payload.instant?.absolute ?? 0
            return nil
        case "testEnded":
            let begin = started.removeValue(forKey: identifier) ?? 0
            let hasPassed = !(payload.messages ?? []).contains { $0.symbol == "fail" }
            if hasPassed { passed += 1 } else { failed += 1 }
            return Ended(title: title, hasPassed: hasPassed, seconds: (payload.instant?.absolute ?? begin) - begin)
        default:
            return nil
        }
    }

    /// One line of the stream, as far as it matters here.
    private struct Record: Decodable {
        struct Payload: Decodable {
            struct Instant: Decodable { let absolute: Double }
            struct Message: Decodable { let symbol: String }
            let kind: String
            let id: String?
            let name: String?
            let displayName: String?
            let testID: String?
            let instant: Instant?
            let messages: [Message]?
        }
        let kind: String
        let payload: Payload
    }
}
