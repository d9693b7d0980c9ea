import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("The file system")
struct FileSystemTests {
    @Test(
        "calls on files do and refuse what Linux's tmpfs does and refuses", arguments: ["files", "memory-files"],
        CLibrary.allCases)
    func sideBySide(name: String, library: CLibrary) async throws {
        try await withCProgram(name, library) { program in
            let akuma = try await Command.akuma("run", program.string, "/work")
            // A folder on the host's tmpfs, if it has one.
            let base = FilePath("/dev/shm").exists ? FilePath("/dev/shm") : program.removingLastComponent()
            let work = base.appending("akuma-test-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(atPath: work.string) }
            let linux = try await Command.run("qemu-aarch64", [program.string, work.string])
            #expect(!akuma.text.isEmpty && akuma.text == linux.text, "\(akuma.account)")
            #expect(akuma.status == 0 && linux.status == 0)
        }
    }

    @Test("files give back each frame that they took, and running out of them loses nothing")
    func limits() async throws {
        try await withCProgram("file-limits", .glibc) { program in
            let result = try await Command.akuma("run", "--debug", program.string)
            #expect(result.status == 0, "\(result.account)")
            let lines = Set(result.text.split(separator: "\n").map(String.init))
            #expect(
                lines == [
                    "seen 5000, left 2500, removed 5000, rmdir 0", "many files: frames lost 0", "depth 3000",
                    "getcwd 36", "failed 0, rmdir 0", "out of a deleted directory 0",
                    "deep directories: frames lost 0", "bad 0", "unlinked: frames lost 0",
                    "error 28, all of it there 1, more than 4 MiB 1", "overwrite 100", "make 0", "fallocate -1",
                    "unchanged 1", "write again 10000", "beyond 16 TiB -1 27", "fill: frames lost 0",
                ], "\(result.account)")
        }
    }

    @Test("what MADV_REMOVE takes out of a file of the ramdisk is zeroes from then on")
    func removal() async throws {
        try await withCProgram("removal") { program in
            let result = try await Command.akuma("run", program.string)
            #expect(result.text == "before 127ELF\nremove 0: 0 0\nremove 0: 0\nremove 0 0: 0 7\nunmap 0\n", "\(result.account)")
        }
    }

    @Test("a long append is one piece, whoever else appends meanwhile")
    func appends() async throws {
        try await withCProgram("appends", .glibc) { program in
            let result = try await Command.akuma("run", program.string)
            #expect(result.text == "failed 0, pieces 12, mixed 0\n", "\(result.account)")
        }
    }
}
