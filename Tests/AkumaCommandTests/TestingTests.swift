import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("Tests are counted, not guessed")
struct TestingTests {
    private static let stream = """
        {"kind":"test","payload":{"id":"M.S","kind":"suite","name":"S"},"version":0}
        {"kind":"test","payload":{"displayName":"good","id":"M.S/a()","kind":"function","name":"a()"},"version":0}
        {"kind":"test","payload":{"id":"M.S/b()","kind":"function","name":"b()"},"version":0}
        {"kind":"test","payload":{"id":"M.S/c()","kind":"function","name":"c()"},"version":0}
        {"kind":"event","payload":{"instant":{"absolute":1},"kind":"testStarted","messages":[],"testID":"M.S"}}
        {"kind":"event","payload":{"instant":{"absolute":1},"kind":"testStarted","messages":[],"testID":"M.S/a()"}}
        {"kind":"event","payload":{"instant":{"absolute":1},"kind":"testStarted","messages":[],"testID":"M.S/b()"}}
        {"kind":"event","payload":{"instant":{"absolute":1},"kind":"testStarted","messages":[],"testID":"M.S/c()"}}
        {"kind":"event","payload":{"instant":{"absolute":3},"kind":"testEnded","messages":[{"symbol":"pass"}],"testID":"M.S/a()"}}
        {"kind":"event","payload":{"instant":{"absolute":3},"kind":"testEnded","messages":[{"symbol":"fail"}],"testID":"M.S/b()"}}

        """

    @Test("functions count, suites do not, and one that never ended is known by name", arguments: [1, 7, 10_000])
    func events(chunk: Int) throws {
        var events = TestEvents()
        var rest = Array(Self.stream.utf8)[...]
        var titles: [String] = []
        while !rest.isEmpty {
            titles += try events.take(rest.prefix(chunk)).map(\.title)
            rest = rest.dropFirst(chunk)
        }
        #expect(events.passed == 1)
        #expect(events.failed == 1)
        #expect(events.unfinished == ["M: c()"])
        #expect(titles == ["M: good", "M: b()"])
    }

    @Test("coverage is that of one folder")
    func coverage() throws {
        let report = """
            {"data":[{"files":[
              {"filename":"/p/Sources/MemoryModel/A.swift","summary":{"lines":{"count":10,"covered":9}}},
              {"filename":"/p/Sources/MemoryModel/B/C.swift","summary":{"lines":{"count":10,"covered":10}}},
              {"filename":"/p/Sources/MemoryModelling/D.swift","summary":{"lines":{"count":100,"covered":0}}}]}]}
            """
        let coverage = try Coverage(of: "/p/Sources/MemoryModel", in: Array(report.utf8))
        #expect(coverage.lines == 20)
        #expect(coverage.percent == 95)
    }
}

@Suite("Only what changed is built")
struct ManifestTests {
    @Test("a manifest tells a changed file, a new file and a file that is gone")
    func changes() throws {
        let root = FilePath(NSTemporaryDirectory()).appending("akuma-manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: root.string) }
        func manifest() throws -> Manifest {
            var manifest = Manifest()
            try manifest.addStamps(of: ["folder"], in: root)
            try manifest.addContents(of: ["folder"], in: root) { $0.extension == "h" }
            return manifest
        }
        try root.appending("folder/a.swift").replaceContents(with: "a".utf8)
        try root.appending("folder/sub/b.h").replaceContents(with: "b".utf8)
        let first = try manifest()
        #expect(try manifest() == first)
        try root.appending("stored").replaceContents(with: first.text.utf8)
        #expect(first.matches(root.appending("stored")))
        try root.appending("folder/sub/b.h").replaceContents(with: "c".utf8)
        #expect(try manifest() != first)
        try root.appending("folder/sub/b.h").replaceContents(with: "b".utf8)
        try root.appending("folder/new.swift").replaceContents(with: "".utf8)
        let second = try manifest()
        #expect(second != first)
        try FileManager.default.removeItem(atPath: root.appending("folder/new.swift").string)
        #expect(try manifest() != second)
    }
}
