import Testing

@testable import AkumaCommand

@Suite("Streams")
struct StreamTests {
    private static let everyByte = (0...255).map { UInt8($0) }

    @Test("all 256 byte values pass each way, on streams apart")
    func everyByteValue() async throws {
        let result = try await Guest.run("test-streams", input: Self.everyByte)
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.output == Self.everyByte)
        #expect(result.error == Self.everyByte.map { ~$0 })
    }

    @Test("all 256 byte values pass through ./akuma")
    func everyByteThroughTheCommand() async throws {
        let result = try await Command.akuma("run", "test-streams", input: Self.everyByte)
        #expect(result.status == 0, "\(result.account)")
        #expect(result.output == Self.everyByte)
        #expect(result.error == Self.everyByte.map { ~$0 })
    }

    @Test("ten megabytes pass unharmed, and so does their end")
    func large() async throws {
        var state: UInt64 = 1
        let input = (0..<(10 << 20)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let result = try await Guest.run("busybox", "cat", input: input)
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.output == input)
    }

    @Test("no input is an end at once")
    func empty() async throws {
        let result = try await Guest.run("test-streams")
        #expect(result.outcome == .exited(0), "\(result.account)")
        #expect(result.output.isEmpty)
    }

    @Test("closed standard input is an end at once, too")
    func closedInput() async throws {
        let result = try await Command.shell("$akuma run test-streams <&-")
        #expect(result.status == 0, "\(result.account)")
        #expect(result.output.isEmpty)
    }

    @Test("a reader that goes away ends the run as it ends a local program: by SIGPIPE")
    func closedOutput() async throws {
        let result = try await Command.shell(
            "$akuma run --timeout 100 busybox yes | head -n 1; echo ${PIPESTATUS[0]}")
        #expect(result.text == "y\n141\n", "\(result.account)")
    }

    @Test("the program reads what arrives, before the input has ended")
    func interactive() async throws {
        let result = try await Command.shell(
            """
            coproc MACHINE { $akuma run busybox cat; }
            echo one >&${MACHINE[1]}
            read -t 100 line <&${MACHINE[0]} && echo "got $line"
            exec {MACHINE[1]}>&-
            wait $MACHINE_PID; echo $?
            """)
        #expect(result.text == "got one\n0\n", "\(result.account)")
    }

    @Test("the kernel's log is on standard error with --verbose, and nowhere without")
    func log() async throws {
        let quiet = try await Command.akuma("run", "busybox", "true")
        #expect(quiet.status == 0, "\(quiet.account)")
        #expect(quiet.output.isEmpty)
        #expect(quiet.error.isEmpty, "\(quiet.account)")
        let verbose = try await Command.akuma("run", "--verbose", "busybox", "true")
        #expect(verbose.status == 0)
        #expect(verbose.output.isEmpty)
        #expect(!verbose.error.isEmpty)
    }
}
