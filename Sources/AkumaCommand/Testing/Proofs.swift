import Foundation
import SystemPackage

/// The `proofs` executable: millions of tries at the memory model, optimised (Documentation/proofs.md).
struct Proofs {
    let project: Project
    let progress: Reporter

    private var scratch: FilePath { project.root.appending(".build-proofs") }
    private var executable: FilePath { scratch.appending("release").appending("proofs") }

    /// A run of the executable that counts as a test.
    struct Proof {
        let title: String
        let arguments: [String]
    }

    /// What every run of the tests proves.
    static let usual = [
        Proof(
            title: "10⁶ random operations do what the reference model does",
            arguments: ["differential", "--operations", "1_000_000", "--seed", "1"]),
        Proof(
            title: "every two operations on two CPUs are right in every order of their steps",
            arguments: ["interleavings"]),
    ]

    /// What a long run proves beside that. What it came to is in ``summary``; one that was interrupted goes on.
    /// - Parameter commit: what is proven.
    static func long(of commit: String) -> [Proof] {
        [
            Proof(
                title: "10⁸ random operations do what the reference model does",
                arguments: [
                    "differential", "--operations", "100_000_000", "--seed", "2", "--commit", commit, "--summary",
                    summary.string,
                ]),
            Proof(
                title: "every two operations are right in every order, for the summary",
                arguments: ["interleavings", "--summary", summary.string]),
        ]
    }

    /// Where a long run's summary is, from the project's root.
    static let summary = FilePath("Documentation/proofs-summary.txt")

    /// The last commit that changed what the proofs are built from, and whether that was changed since.
    func commit() async throws -> String {
        let sources = ["--", "Sources/LinuxABI", "Sources/MemoryModel", "Tests/FakeMachine", "Tests/Proofs"]
        let last = try await Tool("git").check(["log", "-1", "--format=%H"] + sources, in: project.root, saying: "asking git what is proven")
        let changes = try await Tool("git").check(["status", "--porcelain"] + sources, in: project.root, saying: "asking git what is proven")
        return last.trimmingCharacters(in: .whitespacesAndNewlines) + (changes.isEmpty ? "" : ", and changes")
    }

    func build() async throws {
        progress.step("building the proofs")
        try await Tool.toolchain("swift").check(
            ["build", "-c", "release", "--product", "proofs", "--scratch-path", scratch.string], in: project.root,
            environment: ["AKUMA_WORLD": "proofs"], saying: "building the proofs")
    }

    /// Runs each proof, telling what it prints as it does.
    func run(_ proofs: [Proof]) throws -> (passed: Int, failed: Int) {
        var (passed, failed) = (0, 0)
        for proof in proofs {
            let start = ContinuousClock.now
            let hasPassed = try run(proof)
            let time = String(format: "%.1f s", (ContinuousClock.now - start) / .seconds(1))
            progress.step("\(hasPassed ? "passed" : "FAILED"): proofs: \(proof.title) (\(time))")
            if hasPassed { passed += 1 } else { failed += 1 }
        }
        return (passed, failed)
    }

    /// What the proof prints goes to standard error, as all progress does.
    private func run(_ proof: Proof) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable.string)
        process.arguments = proof.arguments
        process.currentDirectoryURL = URL(fileURLWithPath: project.root.string)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}
