import Formats
import Foundation
import Testing

@Suite("A cpio archive")
struct ArchiveTests {
    private func sample() throws -> [UInt8] {
        var writer = ArchiveWriter()
        try writer.addFile("bin/hello", contents: Array("ELF".utf8), mode: 0o755, modificationTime: 1_767_225_600)
        try writer.addFile("empty", contents: [])
        try writer.addDirectory("tmp", mode: 0o1777)
        try writer.addSymbolicLink("bin/sh", target: "hello")
        return writer.finish()
    }

    @Test("gives back what was written, with the directories above")
    func roundTrip() throws {
        let bytes = try sample()
        let archive = try Archive(bytes.span)
        var entries = archive.entries
        var paths: [String] = []
        while let entry = entries.next() { paths.append(text(archive.bytes(at: entry.path))) }
        #expect(paths == ["bin", "bin/hello", "empty", "tmp", "bin/sh"])
        #expect(archive.entryCount == 5)

        let hello = try required(archive.entry(atPath: "bin/hello"))
        #expect(hello.kind == .regularFile)
        #expect(hello.mode & 0o7777 == 0o755)
        #expect(hello.modificationTime == 1_767_225_600)
        #expect(text(archive.bytes(at: archive.content(of: hello))) == "ELF")
        #expect(archive.entry(atPath: "bin")?.kind == .directory)
        #expect(archive.entry(atPath: "tmp")?.mode == 0o041777)
        #expect(archive.entry(atPath: "empty")?.content.count == 0)
        let link = try required(archive.entry(atPath: "bin/sh"))
        #expect(link.kind == .symbolicLink)
        #expect(text(archive.bytes(at: link.content)) == "hello")
        #expect(archive.entry(atPath: "bin/hell") == nil)
    }

    @Test("is looked up without regard to leading ./ and / and trailing /")
    func lookUp() throws {
        let bytes = try sample()
        let archive = try Archive(bytes.span)
        for path in ["/bin/hello", "./bin/hello", "bin/hello", "/./bin/hello", ".//bin/hello"] {
            let path = Array(path.utf8)
            #expect(archive.entry(atPath: path.span) != nil)
        }
        let slash = Array("/bin/".utf8)
        #expect(archive.entry(atPath: slash.span)?.kind == .directory)
        let nothing: [UInt8] = []
        #expect(archive.entry(atPath: nothing.span) == nil)
        let hidden = Array(".akuma".utf8)
        #expect(archive.entry(atPath: hidden.span) == nil)
    }

    @Test("keeps a name that begins with a dot")
    func hiddenNames() throws {
        var writer = ArchiveWriter()
        try writer.addFile(".akuma/argv", contents: Array("a\0".utf8))
        let bytes = writer.finish()
        let archive = try Archive(bytes.span)
        #expect(archive.entry(atPath: ".akuma/argv")?.content.count == 2)
        #expect(archive.entry(atPath: "akuma/argv") == nil)
    }

    @Test("gives the last of several entries of one path")
    func lastWins() throws {
        var writer = ArchiveWriter()
        try writer.addFile("a", contents: [1])
        try writer.addFile("a", contents: [2, 3])
        let bytes = writer.finish()
        let archive = try Archive(bytes.span)
        #expect(archive.entry(atPath: "a")?.content.count == 2)
    }

    @Test("from cpio itself is read: files, directories, links hard and soft")
    func foreign() throws {
        let folder = try Scratch()
        try folder.run(
            "mkdir -p d/e && printf one > d/one && printf two22 > d/e/two && ln -s one d/soft && ln d/one d/hard"
                + " && chmod 640 d/one && find . | LC_ALL=C sort | cpio --quiet -o -H newc > ../out.cpio"
                + " && mv ../out.cpio ."
        )
        let bytes = try folder.contents("out.cpio")
        let archive = try Archive(bytes.span)
        for path: StaticString in ["d/one", "d/hard"] {
            let entry = try required(archive.entry(atPath: path))
            #expect(entry.linkCount == 2)
            #expect(entry.mode == 0o100640)
            #expect(text(archive.bytes(at: archive.content(of: entry))) == "one")
        }
        let two = try required(archive.entry(atPath: "d/e/two"))
        #expect(text(archive.bytes(at: archive.content(of: two))) == "two22")
        let soft = try required(archive.entry(atPath: "d/soft"))
        #expect(text(archive.bytes(at: soft.content)) == "one")
        #expect(archive.entry(atPath: "d/e")?.kind == .directory)
    }

    @Test("written here is accepted by cpio")
    func accepted() throws {
        let folder = try Scratch()
        try folder.write(try sample(), to: "in.cpio")
        let listing = try folder.run("cpio -itv < in.cpio 2>&1")
        for line in ["drwxr-xr-x", "-rwxr-xr-x", "drwxrwxrwt", "bin/sh -> hello", "bin/hello", "2 blocks"] {
            #expect(listing.contains(line), "\(line) in: \(listing)")
        }
        #expect(try folder.run("mkdir x && cd x && cpio --quiet -i < ../in.cpio && cat bin/sh") == "ELF")
    }

    @Test("with a wrong entry is refused, with the reason")
    func malformed() throws {
        let good = try sample()
        func changed(_ offset: Int, _ text: String) -> ArchiveError? {
            var bytes = good
            bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
            return error(bytes)
        }
        // Fields of the first entry: name size at 94, content size at 54.
        #expect(error(good) == nil)
        #expect(error([]) == .missingTrailer(offset: 0))
        #expect(error([1, 2, 3]) == .truncated(offset: 0, end: 110, byteCount: 3))
        #expect(changed(0, "070707") == .notAnArchive(offset: 0))
        #expect(changed(14, "0000g000") == .malformedField(offset: 0))
        #expect(changed(94, "00000000") == .malformedName(offset: 0))
        #expect(changed(94, "00001001") == .malformedName(offset: 0))
        #expect(changed(94, "00000005") == .malformedName(offset: 0))
        #expect(changed(94, "00000003") == .malformedName(offset: 0))
        #expect(changed(110, "/..") == .pathLeavesArchive(offset: 0))
        #expect(changed(54, "ffffffff") == .truncated(offset: 0, end: 116 + 0xffff_ffff, byteCount: good.count))
    }

    @Test("cut anywhere before its trailer's end is refused")
    func truncated() throws {
        let good = try sample()
        let end = try #require(good.lastIndex(of: UInt8(ascii: "!"))) + 2
        for count in 0..<end { #expect(error(Array(good.prefix(count))) != nil) }
        #expect(error(Array(good.prefix(end))) == nil)
    }

    @Test("mutated in thousands of ways never ends a reader but by a value or an error")
    func mutations() throws {
        let good = try sample()
        var random = SplitMix(seed: 7)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let typical = Array("0123456789abcdefF/.!".utf8)
                bytes[place] =
                    Bool.random(using: &random)
                    ? .random(in: 0...255, using: &random) : typical[Int.random(in: 0..<typical.count, using: &random)]
            }
            if error(bytes) != nil {
                refused += 1
                continue
            }
            let archive = try Archive(bytes.span)
            var entries = archive.entries
            var count = 0
            while let entry = entries.next() {
                count += 1
                #expect(bytes.span.holds(archive.content(of: entry)) && bytes.span.holds(entry.path))
            }
            #expect(count == archive.entryCount)
        }
        #expect(refused > 1000 && refused < 19_900)
    }

    @Test(
        "refuses to be written with a name that could not be read back", arguments: ["", "/", "a/../b", "..", "a\0b"])
    func names(path: String) {
        var writer = ArchiveWriter()
        #expect(throws: ArchiveError.self) { try writer.addFile(path, contents: []) }
    }

    private func error(_ bytes: [UInt8]) -> ArchiveError? {
        do throws(ArchiveError) {
            _ = try Archive(bytes.span)
            return nil
        } catch {
            #expect(error.reason.utf8CodeUnitCount > 0)
            return error
        }
    }
}

/// A folder for one test, removed with it.
final class Scratch {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("akuma-\(UUID().uuidString)/work")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }

    struct Failed: Error { let status: Int32, output: String }

    @discardableResult func run(_ command: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = folder
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus, output: output) }
        return output
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
    }

    func contents(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    }
}
