import Foundation
import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("What a call accepts is printed from the kernel's own table")
struct ABITests {
    @Test("Documentation/abi.md is what the generator writes")
    func documentIsCurrent() throws {
        let path = Project.current().root.appending("Documentation/abi.md").string
        let document = try String(contentsOfFile: path, encoding: .utf8)
        // Compared as a Boolean: neither page belongs in a failure's text.
        let isCurrent = document == ABITable().markdown
        #expect(isCurrent, "write it again: ./akuma abi --markdown > Documentation/abi.md")
    }

    @Test("no name stands twice in a section, and no flag shares bits with another")
    func rowsAreDistinct() {
        for section in ABITable().sections {
            #expect(Set(section.rows.map(\.name)).count == section.rows.count, "\(section.title)")
            let values = section.rows.compactMap(\.value)
            #expect(Set(values).count == values.count, "\(section.title)")
            guard section.areFlags else { continue }
            #expect(values.reduce(0, |) == values.reduce(0, ^), "\(section.title)")
        }
    }

    @Test("each row without effect and each refusal names where Linux has the rule")
    func sourcesAreNamed() {
        for row in ABITable().sections.flatMap({ $0.rows + [$0.others] }) {
            switch row.treatment {
            case .refused, .withoutEffect: #expect(row.source?.contains("/") == true, "\(row.name ?? "others")")
            case .honoured, .notBuilt: #expect(row.source == nil, "\(row.name ?? "others")")
            }
        }
    }

    @Test("the table in words has a line for each row")
    func textIsComplete() {
        let table = ABITable()
        let rows = table.sections.reduce(0) { $0 + $1.rows.count + 1 }
        let lines = table.text.split(separator: "\n").count { $0.hasPrefix("  ") }
        #expect(lines == rows)
    }
}
