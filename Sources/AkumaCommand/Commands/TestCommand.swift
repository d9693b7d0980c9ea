import ArgumentParser

/// `akuma test`.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run every test: of the modules on this machine, and of the whole system in booted machines.",
        discussion: """
            The last line says `N passed, N failed`, and the exit status says the same.

            EXAMPLES
              ./akuma test
              ./akuma test --filter SystemTests.Busybox
              ./akuma test --filter proofs
              ./akuma test --skip SystemTests --skip AkumaCommandTests
            """)

    @Option(help: ArgumentHelp("Only the tests whose name matches.", valueName: "expression"))
    var filter: [String] = []

    @Option(help: ArgumentHelp("Not the tests whose name matches.", valueName: "expression"))
    var skip: [String] = []

    @Flag(help: "Also the tests that take minutes.")
    var long = false

    @Flag(
        help: "Only see how many of the seeded faults the proofs find, and write the table of it; with --filter, of those with these words.")
    var mutations = false

    func run() async throws {
        let project = Project.current()
        let progress = Reporter()
        if mutations {
            guard skip.isEmpty, !long else { throw ValidationError("--mutations goes with --filter alone") }
            let isEnough = try await MutationScore(project: project, progress: progress).run(selecting: filter)
            print("\(isEnough ? 1 : 0) passed, \(isEnough ? 0 : 1) failed")
            if !isEnough { throw ExitCode(1) }
            return
        }
        let selection = filter.flatMap { ["--filter", $0] } + skip.flatMap { ["--skip", $0] }
        var (passed, failed) = (0, 0)
        if filter != [Self.proofs] {
            (passed, failed) = try await runTests(of: project, selection, progress)
        }
        if (selection.isEmpty && failed == 0) || filter == [Self.proofs] {
            let proofs = Proofs(project: project, progress: progress)
            try await proofs.build()
            let result = try proofs.run(Proofs.usual + (long ? Proofs.long(of: await proofs.commit()) : []))
            passed += result.passed
            failed += result.failed
        }
        if passed + failed == 0 { progress.step("no test matches") }
        print("\(passed) passed, \(failed) failed")
        if failed > 0 || passed == 0 { throw ExitCode(1) }
    }

    /// The filter that selects what is no test of SwiftPM's.
    private static let proofs = "proofs"

    private func runTests(
        of project: Project, _ selection: [String], _ progress: Reporter
    ) async throws -> (passed: Int, failed: Int) {
        let tests = TestRun(project: project, progress: progress)
        try await Builder(project: project, progress: progress).build()
        try await tests.build()
        var (passed, failed) = try await tests.run(selecting: selection, isLong: long)
        if selection.isEmpty, failed == 0 {
            let coverage = try await tests.memoryModelCoverage()
            let enough = coverage.percent >= TestRun.coverageLimit
            let share = (coverage.percent * 10).rounded(.down) / 10
            progress.step(
                "\(enough ? "passed" : "FAILED"): \(share) % of the memory model's lines are covered"
                    + " (\(coverage.covered) of \(coverage.lines); at least \(Int(TestRun.coverageLimit)) %)")
            if enough { passed += 1 } else { failed += 1 }
        }
        return (passed, failed)
    }
}
