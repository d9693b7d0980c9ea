import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("The command and the emulator, with a script in the emulator's place")
struct EmulatorTests {
    /// Runs a machine whose emulator is a script of bash: 3 is the guest's input, 4, 5 and 6 are what it writes.
    private func run(
        _ script: String, input: [UInt8] = [], configure: (inout Machine) -> Void = { _ in }
    ) async throws -> MachineResult {
        let path = FilePath(NSTemporaryDirectory()).appending("akuma-emulator-\(UUID().uuidString)")
        try path.replaceContents(with: "#!/bin/bash\n\(script)\n".utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        var machine = Machine(project: Project(root: "/"))
        machine.emulator = path.string
        machine.input = .bytes(input)
        machine.configuration.timeout = .seconds(60)
        configure(&machine)
        // Another test that starts a process at the moment of writing holds the script open for a while, and a file that
        // is open for writing can't be executed (ETXTBSY).
        var result = try await machine.run()
        while case .emulatorFailed(let text) = result.outcome, text.contains("Text file busy") {
            try await Task.sleep(for: .milliseconds(20))
            result = try await machine.run()
        }
        return result
    }

    @Test("streams stay apart, frames carry the input, the status is the guest's")
    func streams() async throws {
        let result = try await run(
            "head -c 11 <&3 >&4; echo error >&5; echo log >&6; exit 7", input: [1, 2, 255])
        #expect(result.outcome == .exited(7))
        #expect(result.output == [3, 0, 0, 0, 1, 2, 255, 0, 0, 0, 0])
        #expect(result.error == Array("error\n".utf8))
        #expect(result.log == "log\n")
    }

    @Test("files take the streams of a deterministic machine, whose input waits in the ramdisk")
    func deterministic() async throws {
        let result = try await run(
            """
            head -c 4 <&3 | od -An -tx1 >/dev/fd/4; grep -ac 'the whole input' /dev/fd/7 >/dev/fd/5
            seq 300000 >>/dev/fd/4; echo log >/dev/fd/6
            """, input: Array("the whole input".utf8)
        ) { $0.configuration.isDeterministic = true }
        #expect(result.outcome == .exited(0))
        #expect(result.error == Array("1\n".utf8))
        #expect(result.output.starts(with: Array(" 00 00 00 00\n1\n2\n".utf8)))
        #expect(result.output.suffix(7) == Array("300000\n".utf8)[...])
    }

    @Test("what is written last is not lost, however much it is")
    func lastWords() async throws {
        let result = try await run("echo log >&6; head -c 3000000 /dev/zero >&4; exit 0")
        #expect(result.output.count == 3_000_000)
        #expect(result.outcome == .exited(0))
    }

    @Test("an emulator that ends without a word from the kernel did not start")
    func noStart() async throws {
        let result = try await run("echo 'no such machine' >&2; exit 1")
        #expect(result.outcome == .emulatorFailed("no such machine\n"))
    }

    @Test("an emulator that is not there is said to be missing")
    func missing() async throws {
        let result = try await run("") { $0.emulator = "/not/there/qemu" }
        guard case .emulatorFailed(let words) = result.outcome else {
            Issue.record("\(result.outcome)")
            return
        }
        #expect(words.contains("/not/there/qemu"))
    }

    @Test("a panic is one wherever it is said: on the serial line, or through the emulator")
    func panic() async throws {
        let report = "akuma: kernel panic: a test"
        #expect(try await run("echo log >&6; echo '\(report)' >&6; exit 125").outcome == .panicked(report + "\n"))
        #expect(try await run("echo '\(report)' >&2; exit 125").outcome == .panicked(report + "\n"))
        #expect(try await run("echo log >&6; exit 125").outcome == .exited(125))
    }

    @Test("a machine that does not end is ended when its time is over, and keeps what it wrote")
    func timeout() async throws {
        let result = try await run("echo before >&4; exec sleep 1000") { $0.configuration.timeout = .seconds(1) }
        #expect(result.outcome == .timedOut)
        #expect(result.output == Array("before\n".utf8))
    }

    @Test("a signal for the command ends the emulator")
    func signal() async throws {
        let pipe = try FileDescriptor.pipe()
        _ = try pipe.writeEnd.writeAll([UInt8(SIGTERM)])
        let result = try await run("exec sleep 1000") { $0.signals = pipe.readEnd }
        #expect(result.outcome == .interrupted(signal: SIGTERM))
        try pipe.readEnd.close()
        try pipe.writeEnd.close()
    }

    @Test("nothing of the command's own is open in the emulator")
    func descriptors() async throws {
        let secret = try FileDescriptor.open(FilePath("/dev/null"), .readOnly)  // inherited, as a shell would leave it
        defer { try? secret.close() }
        let result = try await run("echo log >&6; ls /proc/self/fd | sort -n | tr '\\n' ' ' >&4")
        // 8 is the folder that `ls` reads.
        #expect(String(decoding: result.output, as: UTF8.self) == "0 1 2 3 4 5 6 7 8 ")
    }
}
