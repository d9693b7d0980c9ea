import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("Our programs on Linux: the ABI is the same")
struct LinuxTests {
    @Test("a libakuma program runs under qemu-aarch64", arguments: ["hello", "test-library", "test-allocator"])
    func program(name: String) async throws {
        let result = try await Command.run("qemu-aarch64", [try await Guest.program(name).string])
        #expect(result.status == 0, "\(result.account)")
        #expect(!result.output.isEmpty)
    }

    @Test("streams and statuses work there as here")
    func streams() async throws {
        let bytes = (0...255).map { UInt8($0) }
        let streams = try await Command.run(
            "qemu-aarch64", [try await Guest.program("test-streams").string], input: bytes)
        #expect(streams.output == bytes)
        #expect(streams.error == bytes.map { ~$0 })
        let exit = try await Command.run("qemu-aarch64", [try await Guest.program("test-exit").string, "status", "7"])
        #expect(exit.status == 7)
    }
}
