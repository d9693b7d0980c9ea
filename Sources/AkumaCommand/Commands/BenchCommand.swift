import ArgumentParser
import Foundation

/// `akuma bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what the kernel costs, in guest instructions, beside its budgets and Linux.",
        discussion: """
            The machine counts instructions as time, so that each run gives the same
            figures. Linux's are of 6.1 on the same emulator, as Benchmarks/linux.json
            has them; with --against-linux the same program runs on it now, and the
            first line shows that the clock counts on both. The exit status is 1 when
            something costs more than Benchmarks/budgets.json allows.

            EXAMPLES
              ./akuma bench
              ./akuma bench --against-linux
              ./akuma bench --json | jq '.[] | select(.limit)'
            """)

    @Flag(help: "Write the figures as JSON.")
    var json = false

    @Flag(name: .customLong("against-linux"), help: "Measure Debian's Linux too, with the same program and machine.")
    var againstLinux = false

    func run() async throws {
        let project = Project.current()
        let progress = Reporter()
        try await Builder(project: project, progress: progress).build()
        progress.step("measuring")
        let result = try await Benchmark(project: project, progress: progress).run(againstLinux: againstLinux)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(result.measurements), as: UTF8.self))
        } else {
            print(Measurement.table(of: result.measurements), terminator: "")
        }
        for remark in result.remarks { progress.step(remark) }
        guard result.missing.isEmpty else {
            throw Failure("not measured: \(result.missing.joined(separator: ", "))")
        }
        guard result.overBudget.isEmpty else {
            throw Failure("over budget: \(result.overBudget.joined(separator: ", "))")
        }
    }
}
