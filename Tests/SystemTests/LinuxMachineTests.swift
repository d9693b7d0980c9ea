import Testing

@testable import AkumaCommand

@Suite("Debian's Linux in the machine's place")
struct LinuxMachineTests {
    @Test("streams are byte-exact and apart from each other, and arguments and statuses arrive")
    func streams() async throws {
        let bytes = (0...255).map { UInt8($0) } + Array("\r\n\n\r".utf8)
        let streams = try await Guest.runOnLinux("test-streams", input: bytes)
        #expect(streams.outcome == .exited(0), "\(streams.account)")
        #expect(streams.output == bytes)
        #expect(streams.error == bytes.map { ~$0 })
        let status = try await Guest.runOnLinux("test-exit", "status", "7")
        #expect(status.outcome == .exited(7), "\(status.account)")
        #expect(status.text == "test-exit: ending by status 7\n")
        let signal = try await Guest.runOnLinux("test-exit", "segv")
        #expect(signal.outcome == .exited(139), "\(signal.account)")
    }

    @Test("a machine that runs for too long is ended")
    func timeout() async throws {
        let result = try await Guest.runOnLinux("hello") { $0.timeout = .milliseconds(10) }
        #expect(result.outcome == .timedOut)
    }
}
