import Testing

@testable import AkumaCommand

@Suite("The benchmark's figures")
struct BenchmarkingTests {
    @Test("lines of names and numbers are read, others are refused")
    func figures() throws {
        let figures = try Measurement.figures(in: "a 1\nb_c 20\n")
        #expect(figures.map(\.name) == ["a", "b_c"])
        #expect(figures.map(\.value) == [1, 20])
        #expect(throws: Failure.self) { try Measurement.figures(in: "a\n") }
        #expect(throws: Failure.self) { try Measurement.figures(in: "a 1.5\n") }
    }

    @Test("the log says when the first program ran")
    func boot() {
        #expect(
            Measurement.instructionsToFirstProgram(in: "x\r\nboot: first user instruction after 123456 instructions\n")
                == 123_456)
        #expect(Measurement.instructionsToFirstProgram(in: "x\n") == nil)
    }

    @Test("a figure above its budget is marked")
    func table() {
        let good = Measurement(name: "good", value: 150, limit: 150, linux: 460)
        let bad = Measurement(name: "bad", value: 1_234_567, limit: 1500, linux: nil)
        #expect(!good.isOverBudget)
        #expect(bad.isOverBudget)
        #expect(
            Measurement.table(of: [good, bad]) == """
                          Akuma  budget  Linux  Linux/Akuma
                good        150     150    460          3.1
                bad   1,234,567   1,500                      OVER BUDGET

                """)
    }

    @Test("the project's budgets and Linux's figures can be read, and each budget has its counterpart")
    func files() throws {
        let budgets = try Budgets(of: .current())
        let linux = try LinuxCosts(of: .current())
        #expect(budgets.limits["null_syscall_getppid"] == 150)
        for name in budgets.limits.keys where name != Budgets.imageBytes {
            #expect(linux.operations[name] != nil, "\(name)")
        }
    }
}
