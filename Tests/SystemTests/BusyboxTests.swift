import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("Debian's busybox, unmodified")
struct BusyboxTests {
    @Test("echo")
    func echo() async throws {
        let result = try await Command.akuma("run", "busybox", "echo", "hello")
        #expect(result.status == 0, "\(result.account)")
        #expect(result.text == "hello\n")
        #expect(result.error.isEmpty, "\(result.account)")
    }

    @Test("arguments arrive exactly: empty ones, spaces, quotes, options")
    func arguments() async throws {
        let result = try await Guest.run("busybox", "printf", "<%s>", "", "a b", "'\"$x\\", "--help", "ü\u{1}")
        #expect(result.text == "<><a b><'\"$x\\><--help><ü\u{1}>", "\(result.account)")
    }

    @Test("sha256sum of a file that came with --file is the host's")
    func checksum() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending("data.bin")
            var state: UInt64 = 7
            let content = (0..<1_000_003).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return UInt8(truncatingIfNeeded: state >> 56)
            }
            try file.replaceContents(with: content)
            let host = try await Command.run("sha256sum", [file.string])
            let guest = try await Command.akuma("run", "--file", file.string, "busybox", "sha256sum", "data.bin")
            #expect(guest.status == 0, "\(guest.account)")
            #expect(guest.text.prefix(64) == host.text.prefix(64))
            let named = try await Command.akuma(
                "run", "--file", "\(file):/deep/er/name", "busybox", "sha256sum", "/deep/er/name")
            #expect(named.text.prefix(64) == host.text.prefix(64), "\(named.account)")
        }
    }

    @Test("awk and sort on a pipe give what the host's give")
    func pipes() async throws {
        let lines = (0..<20_000).map { "\($0 &* 7919 % 20_011) line \($0)" }.joined(separator: "\n") + "\n"
        let sorted = try await Command.akuma("run", "busybox", "sort", "-n", input: Array(lines.utf8))
        #expect(sorted.status == 0, "\(sorted.account)")
        let wanted = lines.split(separator: "\n")
            .sorted { Int($0.prefix { $0 != " " }) ?? 0 < Int($1.prefix { $0 != " " }) ?? 0 }
        #expect(sorted.text == wanted.joined(separator: "\n") + "\n")
        let sum = try await Command.akuma(
            "run", "busybox", "awk", "{ s += $1; n[$2]++ } END { print s, n[\"line\"] }", input: Array(lines.utf8))
        #expect(sum.status == 0, "\(sum.account)")
        let total = (0..<20_000).reduce(0) { $0 + $1 &* 7919 % 20_011 }
        #expect(sum.text == "\(total) 20000\n")
    }

    @Test("the environment is what --env says")
    func environment() async throws {
        let result = try await Command.akuma("run", "--env", "A=1 2", "--env", "PATH=/x", "busybox", "env")
        #expect(Set(result.text.split(separator: "\n")) == ["A=1 2", "PATH=/x", "HOME=/"], "\(result.account)")
    }

    @Test("a script of the shell's own applets", arguments: MachineConfiguration.CPU.allCases)
    func script(cpu: MachineConfiguration.CPU) async throws {
        let result = try await Guest.run(
            "busybox", "sh", "-c", "i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; echo $i; exit 3"
        ) { $0.cpu = cpu }
        #expect(result.outcome == .exited(3), "\(result.account)")
        #expect(result.text == "1000\n")
    }

    @Test("its shell finds the other applets by their names, and writes files")
    func applets() async throws {
        let list = try await Command.akuma("run", "busybox", "--list")
        let script = "for name in $(busybox --list); do [ -e /bin/$name ] || echo no $name; done; seq 3 > /a; wc -l < /a"
        let result = try await Command.akuma("run", "busybox", "sh", "-c", script)
        #expect(list.text.contains("\nwc\n") && result.text == "3\n", "\(result.account)")
    }
}
