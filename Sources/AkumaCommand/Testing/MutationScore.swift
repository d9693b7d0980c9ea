import Foundation
import SystemPackage

/// Whether the proofs bite: each seeded fault is tried, and the score is the share that some proof finds.
struct MutationScore {
    let project: Project
    let progress: Reporter

    /// The least share of the faults that must be found, in percent.
    static let limit = 90

    /// The proofs, small enough to be run for each fault.
    static let proofs = [
        (name: "differential", arguments: ["runs", "--seed", "9", "--end", "20"]),
        (name: "interleavings", arguments: ["scenarios", "--part", "0", "--parts", "4"]),
    ]

    /// A proof that has not ended by then counts as having found the fault.
    static let patience: TimeInterval = 600

    private var folder: FilePath { project.cache.appending("mutations") }
    private var executable: FilePath { folder.appending(".build").appending("release").appending("proofs") }

    /// Tries every fault, and writes the table; or those alone whose title has one of the words, and writes none.
    /// - Returns: whether the score is high enough.
    func run(selecting words: [String] = []) async throws -> Bool {
        let list = try project.root.appending(SeededFault.list.string).contents()
        let faults = SeededFault.parse(String(decoding: list, as: UTF8.self)).filter { fault in
            words.isEmpty || words.contains { fault.title.contains($0) }
        }
        if faults.isEmpty { throw Failure("no seeded fault has \(words.joined(separator: " or ")) in its title (\(SeededFault.list))") }
        try plant(faults)
        progress.step("building the memory model with \(faults.count) faults in it, none of them active")
        try await Tool.toolchain("swift").check(
            ["build", "-c", "release", "--product", "proofs"], in: folder, environment: ["AKUMA_WORLD": "proofs"],
            saying: "building the faults")
        for proof in Self.proofs where try !passes(proof.arguments, fault: 0) {
            throw Failure("\(proof.name) fails without any fault")
        }
        var rows: [[Bool]] = []
        for (index, fault) in faults.enumerated() {
            let row = try Self.proofs.map { proof in try !passes(proof.arguments, fault: index + 1) }
            rows.append(row)
            let finders = zip(Self.proofs, row).filter(\.1).map(\.0.name)
            progress.step("\(fault.title): \(finders.isEmpty ? "NOT FOUND" : "found by " + finders.joined(separator: ", "))")
        }
        let found = rows.count { $0.contains(true) }
        if words.isEmpty {
            let table = table(of: faults, rows, found: found)
            try project.root.appending("Documentation/mutation-score.md").replaceContents(with: table.utf8)
        }
        progress.step("\(found) of \(faults.count) seeded faults were found")
        return found * 100 >= Self.limit * faults.count
    }

    /// Copies what the proofs are built from, with every fault in it.
    private func plant(_ faults: [SeededFault]) throws {
        let manager = FileManager.default
        for name in ["Sources", "Tests"] {
            let path = folder.appending(name).string
            if manager.fileExists(atPath: path) { try manager.removeItem(atPath: path) }
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for part in ["Sources/LinuxABI", "Sources/Formats", "Sources/MemoryModel", "Tests/FakeMachine", "Tests/Proofs"] {
            try manager.copyItem(atPath: project.root.appending(part).string, toPath: folder.appending(part).string)
        }
        for (index, fault) in faults.enumerated() {
            let path = folder.appending(fault.file.string)
            let text = String(decoding: try path.contents(), as: UTF8.self)
            guard fault.occurrences(in: text) == 1 else {
                throw Failure("\(fault.file) holds the text of “\(fault.title)” \(fault.occurrences(in: text)) times")
            }
            try path.replaceContents(with: fault.planted(in: text, as: index + 1).utf8)
        }
        let active = """
            import Glibc
            public let activeFault: Int = Int(getenv("AKUMA_FAULT").map { atoi($0) } ?? 0)

            """
        try folder.appending("Sources/MemoryModel/ActiveFault.swift").replaceContents(with: active.utf8)
        // A fault need not be as tidy as the rest.
        let package = String(decoding: try project.root.appending("Package.swift").contents(), as: UTF8.self)
            .replacing("    .strictMemorySafety(),\n", with: "")
            .replacing("    .treatAllWarnings(as: .error),\n", with: "")
        try folder.appending("Package.swift").replaceContents(with: package.utf8)
    }

    private func passes(_ arguments: [String], fault: Int) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable.string)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["AKUMA_FAULT": "\(fault)", "SWIFT_BACKTRACE": "enable=no"]) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let deadline = Date() + Self.patience
        while process.isRunning && Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning {
            process.terminate()
            return false
        }
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }

    private func table(of faults: [SeededFault], _ rows: [[Bool]], found: Int) -> String {
        func share(_ count: Int) -> String { String(format: "%d of %d (%.0f %%)", count, faults.count, 100 * Double(count) / Double(faults.count)) }
        var text = """
            # Mutation score

            Generated by `./akuma test --mutations` from `\(SeededFault.list)`; [proofs.md](proofs.md) says how.

            | fault | file | \(Self.proofs.map(\.name).joined(separator: " | ")) |
            |---|---|\(Self.proofs.map { _ in "---|" }.joined())

            """
        for (fault, row) in zip(faults, rows) {
            let cells = row.map { $0 ? "found" : "–" }.joined(separator: " | ")
            text += "| \(fault.title) | `\(fault.file.lastComponent?.string ?? "")` | \(cells) |\n"
        }
        text += "\n| proof | finds |\n|---|---|\n"
        for (index, proof) in Self.proofs.enumerated() { text += "| \(proof.name) | \(share(rows.count { $0[index] })) |\n" }
        return text + "| together | \(share(found)) |\n"
    }
}
