import SystemPackage
import Testing

@testable import AkumaCommand

@Suite("When memory runs out")
struct ShortageTests {
    @Test("who has most is killed, the log says so, and the rest goes on")
    func kill() async throws {
        try await withTemporaryFolder { folder in
            let executable = folder.appending("out-of-memory")
            let source = Guest.project.root.appending("Tests/SystemTests/CPrograms/out-of-memory.c")
            try await CLibrary.musl.compile(String(decoding: try source.contents(), as: UTF8.self), to: executable)
            let result = try await Command.akuma("run", "--memory", "64M", "--verbose=kernel", executable.string)
            #expect(result.text == "greedy: signal 9\ngreedy: signal 9\ngreedy: signal 9\nsmall: 0\n", "\(result.account)")
            #expect(result.errorText.contains("killing pid 3, which has most"))
            #expect(result.status == 0)
        }
    }
}
