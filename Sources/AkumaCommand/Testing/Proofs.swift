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

    /// What only a long run proves.
    static let long = [
        Proof(
            title: "10⁸ random operations do what the reference model does",
            arguments: ["differential", "--operations", "100_000_000", "--seed", "2"])
    ]

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
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }
}
