import Testing

@testable import AkumaCommand

@Suite("Every machine that is promised")
struct VariantTests {
    @Test("both CPUs with both interrupt controllers", arguments: MachineConfiguration.CPU.allCases, [2, 3])
    func processors(cpu: MachineConfiguration.CPU, gic: Int) async throws {
        let result = try await Guest.run("hello") {
            $0.cpu = cpu
            $0.gicVersion = gic
        }
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.text.hasPrefix("Hello from Akuma"))
    }

    @Test("from 64 MiB to 8 GiB of RAM", arguments: [64, 65, 100, 256, 1024, 3072, 8192])
    func memory(mebibytes: Int) async throws {
        let result = try await Guest.run("hello") { $0.memory = UInt64(mebibytes) << 20 }
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.text.hasPrefix("Hello from Akuma"))
    }
}

@Suite("--deterministic")
struct DeterminismTests {
    @Test("two runs give the same bytes on every stream", arguments: [["hello"], ["busybox", "sort"]])
    func twice(words: [String]) async throws {
        let input = Array((0..<3000).map { "\($0 &* 7919 % 3001)" }.joined(separator: "\n").utf8)
        var results: [MachineResult] = []
        for _ in 0..<2 {
            results.append(
                try await Guest.run(words, input: input) {
                    $0.isDeterministic = true
                    $0.log = .calls
                })
        }
        #expect(results[0].outcome == .exited(0), "\(results[0].account)")
        #expect(results[0].output == results[1].output)
        #expect(results[0].error == results[1].error)
        #expect(results[0].log == results[1].log)
        #expect(!results[0].output.isEmpty)
    }

    @Test("the clock is fixed")
    func clock() async throws {
        let result = try await Command.akuma("run", "--deterministic", "busybox", "date", "-u", "+%Y-%m-%d %H")
        #expect(result.text == "2026-01-01 00\n", "\(result.account)")
    }
}
