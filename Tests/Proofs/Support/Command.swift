import Foundation

/// What the command line asks for.
struct Command {
    static let usage = """
        proofs differential [--operations N] [--seed S] [--jobs J] [--first-run R]
                            [--summary FILE] [--commit ID]
            random programs against the reference model; J processes at a time. What FILE tells the beginning of goes on
        proofs interleavings [--jobs J] [--summary FILE]
            every two operations on two CPUs, in every order of their steps
        proofs replay FILE
            one program again, as a failure printed it
        """

    private let executable: String
    private let name: String
    private let values: [String]
    private let options: [String: String]

    init(_ arguments: [String]) throws {
        executable = arguments[0]
        name = arguments.count > 1 ? arguments[1] : ""
        var values: [String] = []
        var options: [String: String] = [:]
        var rest = arguments.dropFirst(2)
        while let argument = rest.popFirst() {
            if argument.hasPrefix("--") {
                guard let value = rest.popFirst() else { throw Complaint("\(argument) needs a value") }
                options[String(argument.dropFirst(2))] = value
            } else {
                values.append(argument)
            }
        }
        self.values = values
        self.options = options
    }

    func run() throws {
        switch name {
        case "differential":
            try Campaign(
                executable: executable, operations: try number("operations", 1_000_000), seed: try number("seed", 1),
                jobs: try number("jobs", ProcessInfo.processInfo.activeProcessorCount),
                firstRun: try number("first-run", 0), summaryFile: options["summary"],
                commit: options["commit"] ?? "unknown"
            ).run()
        case "runs":
            try Campaign.work(
                seed: try number("seed", 1), first: try number("first-run", 0), step: try number("step", 1),
                end: try number("end", 1), operations: try number("operations", Differential.operationsPerRun))
        case "record":
            try Differential.record(
                seed: try number("seed", 1), operations: try number("operations", Differential.operationsPerRun),
                in: try path())
        case "interleavings":
            try Exploration(executable: executable, jobs: try number("jobs", ProcessInfo.processInfo.activeProcessorCount)).run(
                appendingTo: options["summary"])
        case "scenarios":
            try Interleavings.run(part: try number("part", 0), of: try number("parts", 1))
        case "replay" where !Worker.isDeterministic:
            exit(try Worker.status(of: executable, ["replay", path()]))
        case "replay":
            try Differential.replay(Program(listing: String(contentsOfFile: path(), encoding: .utf8)))
            say("the program does what it should")
        default:
            throw Complaint("usage:\n\(Self.usage)")
        }
    }

    private func path() throws -> String {
        guard let path = values.first else { throw Complaint("which file?") }
        return path
    }

    private func number<Number: FixedWidthInteger>(_ name: String, _ otherwise: Number) throws -> Number {
        guard let text = options[name] else { return otherwise }
        guard let value = Number(text.replacing("_", with: "")) else { throw Complaint("--\(name) takes a number") }
        return value
    }
}

/// A sentence for whoever called the command.
struct Complaint: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Writes a line to standard output at once, whoever reads it.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Says what is wrong, and ends the process.
func complainAndExit(_ error: any Error) -> Never {
    FileHandle.standardError.write(Data("proofs: \(error)\n".utf8))
    exit(1)
}
