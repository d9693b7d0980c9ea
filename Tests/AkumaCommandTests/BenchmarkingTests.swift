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
        let good = Measurement(name: "good", value: 150, limit: 150, linux: 460, linuxNow: nil)
        let bad = Measurement(name: "bad", value: 1_234_567, limit: 1500, linux: nil, linuxNow: nil)
        let absent = Measurement(name: "absent", value: nil, limit: nil, linux: 5, linuxNow: nil)
        #expect(!good.isOverBudget)
        #expect(bad.isOverBudget)
        #expect(!absent.isOverBudget)
        #expect(
            Measurement.table(of: [good, bad, absent]) == """
                            Akuma  at most  Linux  Linux/Akuma
                good          150      150    460          3.1
                bad     1,234,567    1,500                      OVER BUDGET
                absent          -               5

                """)
    }

    @Test("what Linux costs now takes the place of what was recorded")
    func now() {
        let one = Measurement(name: "one", value: 100, limit: nil, linux: 460, linuxNow: 500)
        #expect(
            Measurement.table(of: [one]) == """
                     Akuma  at most  Linux now  Linux/Akuma
                one    100                 500          5.0

                """)
    }

    @Test("what Linux does for less is said to be so")
    func dearer() {
        let one = Measurement(name: "one", value: 500, limit: 600, linux: 100, linuxNow: nil)
        #expect(
            Measurement.table(of: [one]) == """
                     Akuma  at most  Linux  Linux/Akuma
                one    500      600    100          0.2  Akuma's worse case

                """)
    }

    @Test("what has a budget and was not measured is missing")
    func missing() {
        let absent = Measurement(name: "absent", value: nil, limit: 7, linux: 5, linuxNow: nil)
        let other = Measurement(name: "other", value: nil, limit: nil, linux: 5, linuxNow: nil)
        #expect(Benchmark.Result(measurements: [absent, other], remarks: []).missing == ["absent"])
    }

    @Test("the project's budgets and Linux's figures can be read, and each budget has its counterpart")
    func files() throws {
        let budgets = try Budgets(of: .current())
        let linux = try LinuxCosts(of: .current())
        #expect(budgets.limits["null_syscall_getppid"] == 150)
        for name in budgets.limits.keys where !name.hasSuffix("_bytes") {
            #expect(linux.operations[name] != nil, "\(name)")
        }
    }
}
