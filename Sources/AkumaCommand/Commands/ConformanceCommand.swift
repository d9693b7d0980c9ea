import ArgumentParser

/// `akuma conformance`.
struct ConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Ask Akuma and Debian's Linux the same questions about memory, and show where they differ.",
        discussion: """
            Some 1,700 cases of the program `conformance` run on both kernels in
            the same machine. What may differ is listed with its reason in
            Tests/SystemTests/conformance-differences.txt; the exit status is 1 when
            something else differs, or something listed does not.

            EXAMPLES
              ./akuma conformance
              ./akuma conformance --prune
              ./akuma conformance mremap/ fork/wipe
            """)

    @Flag(help: "Show what is listed too.")
    var all = false

    @Flag(help: "Take from the list what does not differ any more.")
    var prune = false

    @Argument(help: ArgumentHelp("Beginnings of names of cases.", valueName: "case"))
    var cases: [String] = []

    func validate() throws {
        if prune, !cases.isEmpty { throw ValidationError("--prune: only with all cases") }
    }

    func run() async throws {
        let project = Project.current()
        let progress = Reporter()
        try await Builder(project: project, progress: progress).build()
        let result = try await Conformance(project: project, progress: progress).run(cases)
        guard result.caseCount > 0 else {
            throw Failure("no case begins with \(cases.joined(separator: " or ")): see Programs/conformance")
        }
        let listed = try ListedDifferences(of: project)
        let unlisted = listed.unlisted(in: result.differences)
        let rotten = cases.isEmpty ? listed.rotten(in: result.differences) : []
        for one in all ? result.differences : unlisted {
            print(one.name + (listed.reasons[one.name].map { " (\($0))" } ?? ""))
            print("  Akuma: \(one.akuma ?? "nothing")")
            print("  Linux: \(one.linux ?? "nothing")")
        }
        for name in rotten { print("\(name) is listed and does not differ" + (prune ? ": taken from the list" : "")) }
        if prune { try ListedDifferences.remove(rotten, of: project) }
        for remark in result.remarks { print(remark) }
        let equal = result.caseCount - result.differences.count
        print(
            "\(result.caseCount) cases: \(equal) equal, \(result.differences.count - unlisted.count) listed,"
                + " \(unlisted.count) differ")
        if !unlisted.isEmpty || (!rotten.isEmpty && !prune) || !result.remarks.isEmpty { throw ExitCode(1) }
    }
}
