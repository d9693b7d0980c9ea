import Testing

@testable import AkumaCommand

@Suite("Test programs, each of which checks one promise from within")
struct ProgramTests {
    @Test(
        "on both CPUs",
        arguments: [
            "test-registers", "test-same-address", "test-library", "test-allocator", "test-memory", "test-wild",
        ],
        MachineConfiguration.CPU.allCases)
    func program(name: String, cpu: MachineConfiguration.CPU) async throws {
        let result = try await Guest.run(name) { $0.cpu = cpu }
        #expect(result.outcome == .exited(0), "\(result.account)")
    }

    @Test("a thousand processes, started and ended, leave the free frames as they were")
    func processes() async throws {
        let result = try await Guest.run("test-processes", "1000") { $0.hasDebuggingInterface = true }
        #expect(result.outcome == .exited(0), "\(result.account)")
        let numbers = try #require(result.text.firstMatch(of: /free frames before (\d+), after (\d+)/)).output
        #expect(numbers.1 == numbers.2)
    }

    @Test("a hundred thousand random calls do not disturb the kernel nor its other programs")
    func randomCalls() async throws {
        let script = (1...4).map { "test-random-calls \($0) 27000\n" }.joined() + "test-same-address\nexit 7\n"
        let result = try await Guest.run(input: Array(script.utf8)) { $0.hasDebuggingInterface = true }
        #expect(result.outcome == .exited(7), "\(result.account)")
        #expect(!result.text.contains(/[1-9][0-9]* failed/), "\(result.account)")
        #expect(result.text.matches(of: /test-random-calls: \d+ passed, 0 failed/).count == 4, "\(result.account)")
        #expect(result.text.contains(/test-same-address: \d+ passed, 0 failed/), "\(result.account)")
        let counts = result.text.matches(of: /(\d+) calls succeeded, (\d+) were refused/)
        #expect(counts.reduce(0) { $0 + (Int($1.output.1) ?? 0) + (Int($1.output.2) ?? 0) } >= 100_000)
    }

    @Test("the allocator ends a program that frees wrongly", arguments: ["double", "inside", "wild"])
    func wrongFrees(mistake: String) async throws {
        let result = try await Guest.run("test-allocator", mistake)
        #expect(result.outcome == .exited(128 + 6), "\(result.account)")
        #expect(!result.error.isEmpty)
    }

    @Test("the tour of the contract finds all as promised", arguments: MachineConfiguration.CPU.allCases)
    func tour(cpu: MachineConfiguration.CPU) async throws {
        let result = try await Guest.run("memory-tour") {
            $0.cpu = cpu
            $0.hasDebuggingInterface = true
        }
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.text.contains("0x10000000"))
        #expect(result.text.contains("All as promised."))
    }

    @Test("without --debug the debugging interface does not exist")
    func noInterface() async throws {
        let result = try await Guest.run("memory-tour")
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.text.contains("without the debugging interface"))
    }
}

@Suite("Addresses that a program must not touch")
struct FaultTests {
    private static let places = [
        "null", "near-null", "below-image", "heap-end", "guard", "kernel", "ram", "beyond", "window", "device",
        "device-physical", "high", "last-user", "noncanonical", "top",
    ]
    private static let crimes =
        places.flatMap { place in ["read", "write", "execute"].map { "\(place) \($0)" } }
        + ["text write", "rodata write", "rodata execute", "data execute", "own-guard read", "own-guard write"]

    @Test(
        "reading, writing and executing each kills the one that did it, and the shell lives on",
        arguments: MachineConfiguration.CPU.allCases)
    func matrix(cpu: MachineConfiguration.CPU) async throws {
        let script = Self.crimes.map { "test-faults \($0)\n" }.joined() + "hello\nexit 0\n"
        let result = try await Guest.run(input: Array(script.utf8)) { $0.cpu = cpu }
        #expect(result.outcome == .exited(0), "\(result.account)")
        let deaths = result.text.split(separator: "\n").filter { $0.contains("test-faults:") }
        #expect(deaths.count == Self.crimes.count, "\(result.account)")
        for (crime, death) in zip(Self.crimes, deaths) {
            #expect(death.contains("SIGSEGV"), "\(crime): \(death)")
        }
        #expect(result.text.contains("Hello from Akuma"))
        #expect(!result.text.contains("executed") && !result.text.contains("read 0x"))
    }
}

@Suite("The kernel's last words")
struct PanicTests {
    @Test("a panic ends the machine with 125 and a report whose addresses have names")
    func report() async throws {
        let result = try await Command.akuma("run", "--timeout", "100", "--append", "panic=test", "hello")
        #expect(result.status == 125, "\(result.account)")
        #expect(result.errorText.contains("kernel panic:"), "\(result.account)")
        #expect(result.errorText.contains(/#0 +0x[0-9a-f]+/), "\(result.account)")
        #expect(result.errorText.contains(/\.swift:\d+/), "\(result.account)")
        #expect(result.output.isEmpty)
    }

    @Test("an overflow of a kernel stack is reported as such")
    func overflow() async throws {
        let result = try await Command.akuma("run", "--timeout", "100", "--append", "panic=overflow", "hello")
        #expect(result.status == 125, "\(result.account)")
        #expect(result.errorText.contains(/stack.*overflow|overflow.*stack/), "\(result.account)")
    }
}

@Suite("The verbose log")
struct LogTests {
    @Test("--verbose=memory shows each mapping with the entry that it wrote, and the segments as loaded")
    func memory() async throws {
        let result = try await Command.akuma("run", "--verbose=memory", "memory-tour")
        #expect(result.status == 0, "\(result.account)")
        #expect(result.errorText.contains(/memory: pid \d+ mmap 0x10000000/), "\(result.account)")
        #expect(
            result.errorText.contains(/VA 0x10000000 -> PA 0x[0-9a-f]+ \| VALID \| USER \| RW/), "\(result.account)")
        #expect(result.errorText.contains(/memory: segment \d+ 0x0*400000-0x[0-9a-f]+ r/), "\(result.account)")
    }

    @Test("a call that does not exist is ENOSYS and named")
    func unknownCall() async throws {
        let result = try await Guest.run("test-registers") { $0.log = .calls }
        #expect(result.log.contains("ENOSYS"), "\(result.account)")
        #expect(result.log.contains("9999"), "\(result.account)")
    }
}
