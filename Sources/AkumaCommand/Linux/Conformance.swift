import Foundation
import SystemPackage

/// The program `conformance`, run on Akuma and on Linux in the same machine: what each of its cases observed.
struct Conformance {
    /// A case whose lines are not equal.
    struct Difference: Equatable {
        /// The case's name.
        let name: String
        /// What Akuma showed; nil if the case never came to its end there.
        let akuma: String?
        /// What Linux showed.
        let linux: String?
    }

    /// What a run came to.
    struct Result {
        /// How many cases ran.
        let caseCount: Int
        let differences: [Difference]
        /// What else there is to say: a machine that did not end well.
        let remarks: [String]
    }

    let project: Project
    let progress: Reporter

    /// Runs the cases whose names begin with one of `prefixes`, all of them if there are none.
    func run(_ prefixes: [String] = []) async throws -> Result {
        let folder = FilePath(NSTemporaryDirectory()).appending("akuma-conformance-\(getpid())-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let program = folder.appending("conformance")
        try program.replaceContents(
            with: try Self.withoutNote(try project.program(named: "conformance").contents()))
        let words = [program.string] + prefixes

        var akuma = Machine(project: project)
        configure(&akuma.configuration)
        try await akuma.load(words, progress: progress)
        var linux = try await LinuxMachine(project: project, progress: progress)
        configure(&linux.configuration)
        try await linux.load(words, progress: progress)
        progress.step("asking Akuma")
        let here = try await akuma.run()
        progress.step("asking Linux \(linux.version)")
        let there = try await linux.run()
        guard there.outcome == .exited(0) else {
            throw Failure("the cases did not end well on Linux: \(there.outcome)", status: .machine)
        }
        let remarks = here.outcome == .exited(0) ? [] : ["the cases did not end well on Akuma: \(here.outcome)"]
        return Self.compare(
            akuma: String(decoding: here.output, as: UTF8.self), linux: String(decoding: there.output, as: UTF8.self),
            remarks: remarks)
    }

    private func configure(_ configuration: inout MachineConfiguration) {
        configuration.isDeterministic = true
        configuration.memory = 512 << 20
        configuration.timeout = .seconds(900)
    }

    /// Lines `name: what was observed` of both, side by side.
    static func compare(akuma: String, linux: String, remarks: [String] = []) -> Result {
        let (here, names) = lines(of: akuma)
        let (there, others) = lines(of: linux)
        let all = others + names.filter { there[$0] == nil }
        return Result(
            caseCount: all.count,
            differences: all.filter { here[$0] != there[$0] }.map {
                Difference(name: $0, akuma: here[$0], linux: there[$0])
            },
            remarks: remarks)
    }

    private static func lines(of output: String) -> (text: [String: String], names: [String]) {
        var text: [String: String] = [:]
        var names: [String] = []
        for line in output.split(separator: "\n") {
            let name = String(line.prefix { $0 != ":" })
            if text[name] == nil { names.append(name) }
            text[name] = (text[name].map { $0 + "\n" } ?? "") + line.dropFirst(name.count + 1).trimmingPrefix(" ")
        }
        return (text, names)
    }

    /// The program without Akuma's note, so that the kernel takes it for a program of Linux: W^X is for our own
    /// (`Documentation/decisions.md`).
    static func withoutNote(_ program: [UInt8]) throws -> [UInt8] {
        // Sizes of name and description, type, name, flags: see `start.S`.
        let head: [UInt8] = [6, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0] + Array("Akuma\0".utf8) + [0, 0]
        guard let place = Data(program).range(of: Data(head)) else {
            throw Failure("the program conformance has no note of Akuma's to take away")
        }
        var result = program
        result[place.upperBound] = 0
        return result
    }
}

/// The cases that may differ, each below a heading with the reason: `Tests/SystemTests/conformance-differences.txt`.
struct ListedDifferences {
    /// Reasons by the case's name.
    let reasons: [String: String]

    /// Reads the list: a line `== reason ==`, then names, one a line; `#` begins a comment.
    init(_ text: String) throws {
        var reasons: [String: String] = [:]
        var reason: String?
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("== "), line.hasSuffix(" ==") {
                reason = String(line.dropFirst(3).dropLast(3))
                continue
            }
            guard let reason else { throw Failure("\(line) is listed without a reason") }
            guard reasons.updateValue(reason, forKey: String(line)) == nil else {
                throw Failure("\(line) is listed twice")
            }
        }
        self.reasons = reasons
    }

    /// Where a project has its list.
    private static func file(of project: Project) -> FilePath {
        project.root.appending("Tests/SystemTests/conformance-differences.txt")
    }

    /// The list of a project.
    init(of project: Project) throws {
        try self.init(String(decoding: try Self.file(of: project).contents(), as: UTF8.self))
    }

    /// Takes names from a project's list, and headings that are left with none.
    static func remove(_ names: [String], of project: Project) throws {
        let text = String(decoding: try file(of: project).contents(), as: UTF8.self)
        try file(of: project).replaceContents(with: removing(names, from: text).utf8)
    }

    /// The text of a list without names, and without headings that are left with none.
    static func removing(_ names: [String], from text: String) -> String {
        let names = Set(names)
        var kept: [Substring] = []
        func dropEmptyHeading() {
            if let last = kept.last, last.hasPrefix("== ") { kept.removeLast() }
        }
        for line in text.split(separator: "\n") where !names.contains(String(line)) {
            if line.hasPrefix("== ") { dropEmptyHeading() }
            kept.append(line)
        }
        dropEmptyHeading()
        return kept.map { ($0.hasPrefix("== ") ? "\n" : "") + $0 + "\n" }.joined()
    }

    /// Those of `differences` that are not listed.
    func unlisted(in differences: [Conformance.Difference]) -> [Conformance.Difference] {
        differences.filter { reasons[$0.name] == nil }
    }

    /// The listed names that do not differ, of a run of all cases.
    func rotten(in differences: [Conformance.Difference]) -> [String] {
        let names = Set(differences.map(\.name))
        return reasons.keys.filter { !names.contains($0) }.sorted()
    }
}
