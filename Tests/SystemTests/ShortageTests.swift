import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("When memory runs out")
struct ShortageTests {
    @Test("who has most is killed, the log says so, and the rest goes on")
    func kill() async throws {
        try await withCProgram("out-of-memory") { executable in
            let result = try await Command.akuma("run", "--memory", "64M", "--verbose=kernel", executable.string)
            #expect(result.text == "greedy: signal 9\ngreedy: signal 9\ngreedy: signal 9\nsmall: 0\n", "\(result.account)")
            #expect(result.errorText.contains("killing pid 3, which has most"))
            // The kernel keeps its reserve, 1/64 of the frames, through all of it.
            let left = result.errorText.matches(of: /(\d+) are left;/).compactMap { Int($0.output.1) }
            #expect(left.count == 3 && left.allSatisfy { $0 > 140 }, "\(left)")
            #expect(result.status == 0)
        }
    }

    @Test("each operation that finds no frame says so and changes nothing, whichever of its allocations fails")
    func everyAllocation() async throws {
        let result = try await Guest.run("test-shortage") {
            $0.hasDebuggingInterface = true
            $0.isDeterministic = true
        }
        #expect(result.outcome == .exited(0), "\(result.account)")
        let summary = try #require(
            result.text.firstMatch(of: /(\d+) operations, (\d+) of them failed, (\d+) failures/), "\(result.account)")
        let tried = try #require(Int(summary.output.1))
        let failing = try #require(Int(summary.output.2))
        // Some never need a frame, or never fail for want of one; test-shortage says which.
        #expect(tried > 50 && failing > tried * 3 / 4)
    }

    /// Not side by side: Linux kills for what is set aside in its root file system.
    @Test("what fallocate could not set aside in full is given back")
    func room() async throws {
        try await withCProgram("room") { executable in
            let result = try await Command.akuma("run", "--memory", "64M", executable.string)
            #expect(
                result.text == """
                    error 28, blocks 8
                    given back 1
                    half: 0
                    again: -1, 1
                    given back 1
                    the same: 0

                    """, "\(result.account)")
            #expect(result.status == 0)
        }
    }

    /// Not side by side: Linux's root file system has less room, and its pipes more.
    @Test("names, links, files and pipes without end leave others what they need")
    func withoutEnd() async throws {
        try await withCProgram("without-end") { executable in
            let result = try await Command.akuma("run", "--memory", "64M", executable.string)
            let expected = """
                symbolic links: error 28, signal 0, others live 1
                removed: 0
                files: error 28, signal 0, others live 1
                removed: 0
                hard links: error 28, signal 0, others live 1
                removed: 0
                sparse files: error 28, signal 0, others live 1
                removed: 0
                pipes: error 12, others live 1

                """
            #expect(result.text == expected, "\(result.account)")
            #expect(result.status == 0)
        }
    }

    @Test("a program that is killed while it takes pages out of its file takes none out of a stranger's")
    func stranger() async throws {
        try await withCProgram("stranger") { executable in
            let file = executable.removingLastComponent().appending("file")
            try Data(count: 32 << 20).write(to: URL(fileURLWithPath: file.string))
            let result = try await Command.akuma(
                "run", "--overcommit", "1", "--memory", "256M", "--file", file.string, executable.string, "file")
            #expect(
                result.text == "written 1, read 1, the same 1\nthe one ended with 0\nthe other with 9\n",
                "\(result.account)")
        }
    }

    @Test("tables without end leave the kernel its reserve, and others what they need to go on")
    func tables() async throws {
        try await withCProgram("tables") { executable in
            let result = try await Command.akuma("run", "--memory", "64M", executable.string)
            let expected = """
                the hog ends with error 12, at least 140 frames are left: yes
                a pipe takes 1 byte, and gives 1
                all comes back: yes

                """
            #expect(result.text == expected, "\(result.account)")
        }
    }

    @Test("a program with long arguments is executed where no two free frames lie side by side")
    func scattered() async throws {
        try await withCProgram("scattered") { executable in
            let result = try await Command.akuma("run", "--memory", "64M", executable.string)
            #expect(
                result.text == "half is free: yes\nexecuted with 15 strings, 0 wrong\nstatus 0\n", "\(result.account)")
        }
    }

    @Test("in overcommit mode 2 no more is promised than there is")
    func commitment() async throws {
        try await withCProgram("commitment") { executable in
            let result = try await Command.akuma("run", "--memory", "64M", "--overcommit", "2", executable.string)
            let expected = """
                more than the limit: Out of memory
                two thirds: mapped
                as much again: Out of memory
                without reservation: Out of memory
                shared: Out of memory
                to read: mapped
                made writable: Out of memory
                a page made writable: yes
                fork: Out of memory
                after munmap: mapped

                """
            #expect(result.text == expected, "\(result.account)")
        }
    }

    @Test("programs begin at random places when asked, and run there")
    func randomisedLayout() async throws {
        try await withTemporaryFolder { folder in
            let executable = folder.appending("where")
            let source = """
                #include <stdio.h>
                #include <stdlib.h>
                #include <sys/mman.h>
                #include <unistd.h>
                int main(void) {
                    char here;
                    char *heap = sbrk(4096);
                    *heap = 1;
                    void *map = mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                    printf("%p %p %p %p\\n", (void *)main, (void *)heap, map, (void *)&here);
                    return 0;
                }
                """
            try await CLibrary.glibc.compile(source, to: executable, isPositionIndependent: true)
            var seen: [[UInt64]] = []
            for _ in 0..<2 {
                let result = try await Command.akuma("run", "--aslr", executable.string)
                let words = result.text.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0.dropFirst(2), radix: 16) }
                #expect(words.count == 4, "\(result.account)")
                #expect(words.allSatisfy { $0 >= 0x80_0000_0000 && $0 < 1 << 48 }, "\(result.account)")
                seen.append(words)
            }
            for part in 0..<4 { #expect(seen[0][part] != seen[1][part], "each part moves") }
        }
    }
}
