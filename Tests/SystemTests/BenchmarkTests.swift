import Testing

@testable import AkumaCommand

@Suite("Costs")
struct BenchmarkTests {
    @Test("everything that has a budget keeps it")
    func budgets() async throws {
        let program = try await Guest.program("bench")
        try #require(program.exists)
        let (measurements, missing) = try await Turn.take {
            try await Benchmark(project: Guest.project, progress: Reporter()).run()
        }
        #expect(missing.isEmpty)
        for one in measurements {
            #expect(!one.isOverBudget, "\(one.name) costs \(one.value), its budget is \(one.limit ?? 0)")
        }
    }
}
