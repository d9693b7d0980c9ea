import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("What the command refuses, without booting anything")
struct CommandTests {
    @Test("a file that is not there is 127")
    func missing() async throws {
        let result = try await Command.akuma("run", "./not-there")
        #expect(result.status == 127)
        #expect(
            result.errorText.hasPrefix("akuma: ./not-there: no such file, and none of our programs: busybox bench ")
                && result.errorText.contains(" hello ") && Self.isOneLine(result.errorText), "\(result.account)")
    }

    @Test("a program for another machine is 126")
    func architecture() async throws {
        let result = try await Command.akuma("run", "/bin/sh")
        #expect(result.status == 126)
        #expect(
            result.errorText.contains("is for x86-64, Akuma runs AArch64") && Self.isOneLine(result.errorText),
            "\(result.account)")
    }

    @Test("a dynamic, a truncated and a foreign file are 126, each with one line that says why")
    func notRunnable() async throws {
        try await withTemporaryFolder { folder in
            let dynamic = folder.appending("dynamic")
            try folder.appending("a.c").replaceContents(with: "int main(void) { return 0; }".utf8)
            let compiler = try await Command.run(
                "aarch64-linux-gnu-gcc", [folder.appending("a.c").string, "-o", dynamic.string])
            try #require(compiler.status == 0, "\(compiler.account)")
            let truncated = folder.appending("truncated")
            let whole = try await Guest.program("hello").contents()
            try truncated.replaceContents(with: whole.prefix(4096))
            let script = folder.appending("script")
            try script.replaceContents(with: "#!/bin/sh\n".utf8)

            for (path, word) in [(dynamic, "dynamic"), (truncated, "truncated"), (script, "ELF"), (folder, "file")] {
                let result = try await Command.akuma("run", path.string)
                #expect(result.status == 126, "\(result.account)")
                #expect(result.output.isEmpty)
                #expect(result.errorText.contains(word) && Self.isOneLine(result.errorText), "\(result.account)")
            }
        }
    }

    @Test("a --file that is not there is 126")
    func missingFile() async throws {
        let result = try await Command.akuma("run", "--file", "/not/there", "hello")
        #expect(result.status == 126)
        #expect(Self.isOneLine(result.errorText), "\(result.account)")
    }

    @Test("--cpus above 1 is refused with the reason")
    func cpus() async throws {
        let result = try await Command.akuma("run", "--cpus", "2", "hello")
        #expect(result.status == 64)
        #expect(result.errorText.contains("one CPU only"), "\(result.account)")
    }

    @Test(
        "options that can't be taken are 64, with one line that says why and where to look",
        arguments: [
            (["run", "--nope"], "akuma: Unknown option '--nope' (see ./akuma run --help)\n"),
            (["foo"], "akuma: Unexpected argument 'foo' (see ./akuma --help)\n"),
            (["test", "--long", "--mutations"], "akuma: --mutations goes with --filter alone (see ./akuma test --help)\n"),
            (["run", "--memory", "x", "hello"], "akuma: The value 'x' is invalid for '--memory <size>' (see ./akuma run --help)\n"),
        ])
    func options(words: [String], error: String) async throws {
        _ = try await Guest.program("hello")
        let result = try await Command.run(Guest.project.root.appending("akuma").string, words)
        #expect(result.status == 64)
        #expect(result.errorText == error)
        #expect(result.output.isEmpty)
    }

    @Test("./akuma works from any folder and through a symbolic link")
    func anywhere() async throws {
        try await withTemporaryFolder { folder in
            let result = try await Command.shell("ln -s $akuma link && ./link --version", in: folder)
            #expect(result.text.hasPrefix("akuma "), "\(result.account)")
        }
    }

    @Test("the help has examples")
    func help() async throws {
        for words in [["--help"], ["run", "--help"], ["test", "--help"], ["bench", "--help"]] {
            let result = try await Command.run(Guest.project.root.appending("akuma").string, words)
            #expect(result.status == 0)
            #expect(result.text.contains("EXAMPLES"), "\(words)")
        }
    }

    private static func isOneLine(_ text: String) -> Bool {
        text.split(separator: "\n").count == 1 && text.hasPrefix("akuma: ")
    }
}
