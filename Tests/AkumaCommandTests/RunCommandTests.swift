import ArgumentParser
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("The words of `akuma run`")
struct RunCommandTests {
    private func parse(_ words: String...) throws -> RunCommand {
        try #require(try AkumaCommand.parseAsRoot(RunCommand.spellingOut(["run"] + words)) as? RunCommand)
    }

    @Test("everything after the program is the program's, options that look like ours too")
    func passthrough() throws {
        let run = try parse("--memory", "64M", "busybox", "ls", "--verbose", "--help", "--", "-l")
        #expect(run.command == ["busybox", "ls", "--verbose", "--help", "--", "-l"])
        #expect(run.memory.bytes == 64 << 20)
        #expect(run.verbose == nil)
    }

    @Test("a bare --verbose takes no value, and =memory is one")
    func verbose() throws {
        #expect(try parse("--verbose", "hello").verbose == .kernel)
        #expect(try parse("--verbose", "hello").command == ["hello"])
        #expect(try parse("--verbose=memory", "hello").verbose == .memory)
        #expect(try parse("--memory", "1G", "--verbose=calls", "hello").verbose == .calls)
        #expect(throws: (any Error).self) { try parse("--verbose=rubbish", "hello") }
    }

    @Test("an option's value that looks like an option does not confuse --verbose")
    func values() throws {
        let run = try parse("--env", "A=--verbose", "--verbose", "hello", "--verbose")
        #expect(run.env == ["A=--verbose"])
        #expect(run.verbose == .kernel)
        #expect(run.command == ["hello", "--verbose"])
    }

    @Test(
        "what cannot work is refused before anything is built",
        arguments: [
            ["--cpus", "2", "hello"], ["--gic", "4", "hello"], ["--memory", "1M", "hello"],
            ["--memory", "64", "hello"],
            ["--memory", "-1M", "hello"], ["--timeout", "0", "hello"], ["--timeout", "nan", "hello"],
            ["--env", "A", "hello"], ["--env", "=A", "hello"], ["--cpu", "cortex-a53", "hello"],
            ["--memmory", "64M", "hello"],
        ])
    func refusals(words: [String]) {
        #expect(throws: (any Error).self) { try AkumaCommand.parseAsRoot(RunCommand.spellingOut(["run"] + words)) }
    }

    @Test("more than one CPU is refused with the reason")
    func cpus() {
        do {
            _ = try parse("--cpus", "4", "hello")
            Issue.record("it was accepted")
        } catch {
            #expect(AkumaCommand.message(for: error).contains("one CPU only"))
        }
    }

    @Test("sizes of memory have a unit", arguments: [("64M", 64 << 20), ("2g", 2 << 30), ("65536K", 64 << 20)])
    func sizes(text: String, bytes: Int) {
        #expect(MemorySize(argument: text)?.bytes == UInt64(bytes))
    }

    @Test("a help request before the program is ours")
    func help() {
        #expect(RunCommand.spellingOut(["run", "--memory", "1G", "--help"]) == ["help", "run"])
        #expect(RunCommand.spellingOut(["run", "-h"]) == ["help", "run"])
        #expect(RunCommand.spellingOut(["run", "hello", "--help"]) == ["run", "hello", "--help"])
    }
}

@Suite("The value of --file")
struct FileArgumentTests {
    @Test("the guest's name is the host's unless one is given")
    func names() throws {
        let file = #filePath
        #expect(try FileArgument(file).guest == "RunCommandTests.swift")
        #expect(try FileArgument(file + ":a/b.txt").guest == "a/b.txt")
        #expect(try FileArgument(file + ":/a/b.txt").host == FilePath(file))
    }

    @Test(
        "a missing file, and a name that the guest cannot have, are refused",
        arguments: [
            "/nowhere/at/all", "/nowhere:/a", #filePath + ":", #filePath + ":/", #filePath + ":/../a",
            #filePath + ":.akuma/argv",
        ])
    func refusals(argument: String) {
        #expect(throws: Failure.self) { try FileArgument(argument) }
    }
}
