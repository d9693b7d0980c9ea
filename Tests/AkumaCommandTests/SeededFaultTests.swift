import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite struct SeededFaultTests {
    static let faults: [SeededFault] = {
        let list = (try? Project.current().root.appending(SeededFault.list.string).contents()) ?? []
        return SeededFault.parse(String(decoding: list, as: UTF8.self))
    }()

    @Test("at least 25 faults are seeded") func count() {
        #expect(Self.faults.count >= 25)
        #expect(Set(Self.faults.map(\.title)).count == Self.faults.count)
    }

    @Test("the text of each seeded fault occurs exactly once", arguments: faults.indices)
    func isUpToDate(_ index: Int) throws {
        let fault = Self.faults[index]
        let text = String(decoding: try Project.current().root.appending(fault.file.string).contents(), as: UTF8.self)
        #expect(fault.occurrences(in: text) == 1, "\(fault.title)")
        #expect(fault.replacement.contains("MUTANT"))
        #expect(fault.planted(in: text, as: 7).contains("(activeFault == 7)"))
    }

    @Test func aListIsParsed() {
        let text = "# note\n== one\n@@ a/b.swift\n--\nx\n  y\n++\nz MUTANT\n\n== two\n@@ c.swift\n--\np\n++\nq\n"
        let faults = SeededFault.parse(text)
        #expect(faults.map(\.title) == ["one", "two"])
        #expect(faults.first?.file == "a/b.swift")
        #expect(faults.first?.original == "x\n  y")
        #expect(faults.first?.planted(in: "w x\n  y w", as: 3) == "w z (activeFault == 3) w")
        #expect(faults.last?.occurrences(in: "ppq") == 2)
    }
}
