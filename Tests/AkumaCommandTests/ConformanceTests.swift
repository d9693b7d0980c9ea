import Testing

@testable import AkumaCommand

@Suite("Comparing what cases observed")
struct ConformanceTests {
    @Test("lines that differ, are missing or are too many are found by their case's name")
    func compare() {
        let result = Conformance.compare(
            akuma: "a/same: x=1\na/other: x=1\na/more: x\n", linux: "a/same: x=1\na/gone: y\na/other: x=2: 3\n")
        #expect(result.caseCount == 4)
        #expect(
            result.differences == [
                .init(name: "a/gone", akuma: nil, linux: "y"), .init(name: "a/other", akuma: "x=1", linux: "x=2: 3"),
                .init(name: "a/more", akuma: "x", linux: nil),
            ])
    }

    @Test("a list names a reason for each case, and shrinks")
    func list() throws {
        let text = "# a comment\n\n== not built yet: x ==\na/one\na/two\n\n== otherwise ==\na/three\n"
        let list = try ListedDifferences(text)
        #expect(list.reasons == ["a/one": "not built yet: x", "a/two": "not built yet: x", "a/three": "otherwise"])
        let differences = ["a/one", "a/three", "a/four"].map {
            Conformance.Difference(name: $0, akuma: "1", linux: "2")
        }
        #expect(list.unlisted(in: differences).map(\.name) == ["a/four"])
        #expect(list.rotten(in: differences) == ["a/two"])
        #expect(
            ListedDifferences.removing(["a/two", "a/three"], from: text)
                == "# a comment\n\n== not built yet: x ==\na/one\n")
        #expect(
            ListedDifferences.removing(["a/one", "a/two"], from: text)
                == "# a comment\n\n== otherwise ==\na/three\n")
        #expect(throws: Failure.self) { try ListedDifferences("a/one\n") }
        #expect(throws: Failure.self) { try ListedDifferences("== x ==\na/one\na/one\n") }
    }

    @Test("only the flags of Akuma's note are taken from a program")
    func note() throws {
        let note: [UInt8] = [6, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0] + Array("Akuma\0".utf8) + [0, 0, 1, 0, 0, 0]
        let program = [7, 7] + note + [9, 1]
        var expected = program
        expected[2 + note.count - 4] = 0
        #expect(try Conformance.withoutNote(program) == expected)
        #expect(throws: Failure.self) { try Conformance.withoutNote([1, 2, 3]) }
    }
}
