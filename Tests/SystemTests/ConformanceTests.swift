import Testing

@testable import AkumaCommand

@Suite("The same cases on two kernels")
struct ConformanceTests {
    @Test("what each case observes of memory is equal on Akuma and on Linux, but for what is listed with its reason")
    func conformance() async throws {
        _ = try await Guest.program("conformance")
        let result = try await Turn.take {
            try await Conformance(project: Guest.project, progress: Reporter()).run()
        }
        #expect(result.remarks.isEmpty)
        #expect(result.caseCount >= 500)
        let listed = try ListedDifferences(of: Guest.project)
        for one in listed.unlisted(in: result.differences) {
            Issue.record("\(one.name): '\(one.akuma ?? "nothing")', Linux '\(one.linux ?? "nothing")'")
        }
        for name in listed.rotten(in: result.differences) {
            Issue.record("\(name) is listed and does not differ: ./akuma conformance --prune takes it from the list")
        }
    }
}
