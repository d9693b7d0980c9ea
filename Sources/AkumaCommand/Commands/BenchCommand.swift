import ArgumentParser
import Foundation

/// `akuma bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what the kernel costs, in guest instructions, beside its budgets and Linux.",
        discussion: """
            The machine counts instructions as time, so that each run gives the same
            figures. Linux's are of 6.1 on the same emulator (Benchmarks/linux.json).
            The exit status is 1 when something costs more than
            Benchmarks/budgets.json allows.

            EXAMPLES
              ./akuma bench
              ./akuma bench --json | jq '.[] | select(.limit)'
            """)

    @Flag(help: "Write the figures as JSON.")
    var json = false

    func run() async throws {
        let project = Project.current()
        let progress = Reporter()
        try await Builder(project: project, progress: progress).build()
        progress.step("measuring")
        let (measurements, missing) = try await Benchmark(project: project, progress: progress).run()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(measurements), as: UTF8.self))
        } else {
            print(Measurement.table(of: measurements), terminator: "")
        }
        guard missing.isEmpty else { throw Failure("not measured: \(missing.joined(separator: ", "))") }
        let over = measurements.filter(\.isOverBudget).map(\.name)
        guard over.isEmpty else { throw Failure("over budget: \(over.joined(separator: ", "))") }
    }
}
