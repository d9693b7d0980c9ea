import Testing

@testable import AkumaCommand

@Suite("How a program ended is how the run ended")
struct ExitTests {
    @Test("exit statuses pass as they are", arguments: [0, 1, 2, 77, 124, 125, 126, 127, 128, 255])
    func statuses(status: Int32) async throws {
        let result = try await Guest.run("test-exit", "status", "\(status)")
        #expect(result.outcome == .exited(status), "\(result.account)")
    }

    @Test("a signal that ended the program is 128 and its number", arguments: [1, 2, 6, 9, 11, 13, 15])
    func signals(signal: Int32) async throws {
        let result = try await Guest.run("test-exit", "kill", "\(signal)")
        #expect(result.outcome == .exited(128 + signal), "\(result.account)")
    }

    @Test("each way to die has its signal", arguments: [("abort", 6), ("trap", 5), ("segv", 11)])
    func deaths(way: String, signal: Int32) async throws {
        let result = try await Guest.run("test-exit", way)
        #expect(result.outcome == .exited(128 + signal), "\(result.account)")
    }

    @Test("the status passes through ./akuma")
    func command() async throws {
        #expect(try await Command.akuma("run", "test-exit", "status", "42").status == 42)
        #expect(try await Command.akuma("run", "test-exit", "kill", "9").status == 137)
    }
}
