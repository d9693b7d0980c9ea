import Testing

@testable import AkumaCommand

@Suite("Costs")
struct BenchmarkTests {
    @Test("everything that has a budget keeps it, and Linux is measured by the same clock")
    func budgets() async throws {
        let program = try await Guest.program("bench")
        try #require(program.exists)
        let result = try await Turn.take {
            try await Benchmark(project: Guest.project, progress: Reporter()).run(againstLinux: true)
        }
        #expect(result.missing.isEmpty)
        for one in result.measurements {
            #expect(!one.isOverBudget, "\(one.name) costs \(one.value ?? 0), its budget is \(one.limit ?? 0)")
        }
        func one(_ name: String) throws -> Measurement { try #require(result.measurements.first { $0.name == name }) }
        let control = try one("control_2000_instructions")
        #expect(abs(try #require(control.value) - (try #require(control.linuxNow))) <= 20)
        // Figures that depend on the kernel alone agree with what was recorded with another program on another day.
        for name in ["null_syscall_getppid", "pf_anon_write_seq_per_page", "cow_break_child_per_page"] {
            let (now, then) = (Double(try #require(try one(name).linuxNow)), Double(try #require(try one(name).linux)))
            #expect(abs(now - then) < 0.1 * then, "\(name): \(now) now, \(then) recorded")
        }
    }
}
