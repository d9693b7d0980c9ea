import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("./akuma on a machine where things are missing")
struct EntryScriptTests {
    /// Runs `./akuma` with a `PATH` that has Debian's essential commands, git and, if wanted, `swift`; `apt-get` is a
    /// script that notes its words in a file and, the second time it is asked to install, succeeds.
    private func run(_ words: [String], withSwift: Bool) async throws -> (status: Int32, error: String, apt: String) {
        let folder = FilePath(NSTemporaryDirectory()).appending("akuma-path-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        let commands = [
            "bash", "cat", "dirname", "env", "find", "flock", "git", "grep", "head", "id", "mkdir", "mktemp", "printf",
            "readlink", "rm", "sed", "setpriv", "sh", "sha256sum", "sort", "tail", "test",
        ]
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        for command in commands + (withSwift ? ["swift"] : []) {
            let target = try #require(Tool.path(of: command), "\(command)")
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending(command).string, withDestinationPath: target.string)
        }
        let apt = folder.appending("apt-get")
        let script = """
            #!/bin/sh
            echo "$*" >>\(folder)/apt.log
            case "$*" in
            *update*) : >\(folder)/updated ;;
            *) test -e \(folder)/updated || exit 100 ;;
            esac
            """
        // The commands may ask for root's rights.
        try folder.appending("sudo").replaceContents(with: "#!/bin/sh\nexec \"$@\"\n".utf8)
        try apt.replaceContents(with: script.utf8)
        for name in ["apt-get", "sudo"] {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.appending(name).string)
        }
        let result = try await Subprocess.run(
            .path(Project.current().root.appending("akuma")), arguments: Arguments(words),
            environment: .inherit.updating(["PATH": folder.string]), output: .discarded,
            error: .string(limit: 1 << 20))
        guard case .exited(let status) = result.terminationStatus else { throw Failure("a signal ended it") }
        let log = (try? folder.appending("apt.log").contents()) ?? []
        return (status, result.standardError, String(decoding: log, as: UTF8.self))
    }

    @Test("without Swift it says so in one line")
    func noSwift() async throws {
        let result = try await run(["run", "hello"], withSwift: false)
        #expect(result.status == 125)
        #expect(result.error.hasPrefix("akuma: there is no swift in PATH"))
        #expect(result.error.split(separator: "\n").count == 1)
        #expect(result.apt.isEmpty)
    }

    @Test("what a command needs is installed from Debian, reading the list of packages when that is needed")
    func installs() async throws {
        let result = try await run(["run", "--help"], withSwift: true)
        #expect(result.status == 0, "\(result.error)")
        #expect(result.error.contains("akuma: installing from Debian: qemu-system-arm\n"))
        let calls = result.apt.split(separator: "\n")
        #expect(calls.count == 3, "\(result.apt)")
        #expect(calls.allSatisfy { !$0.contains("install") || $0.contains("--no-install-recommends") })
        #expect(calls.last?.hasSuffix("qemu-system-arm") == true)
    }

    @Test("the tests need more, the help and the build need nothing")
    func needs() async throws {
        let test = try await run(["test", "--help"], withSwift: true)
        #expect(
            test.error.contains(
                "installing from Debian: qemu-system-arm qemu-user cpio gcc-aarch64-linux-gnu"), "\(test.error)")
        let help = try await run(["--help"], withSwift: true)
        #expect(help.status == 0)
        #expect(help.apt.isEmpty)
    }
}
