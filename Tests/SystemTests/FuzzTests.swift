import Foundation
import Testing

@testable import AkumaCommand

@Suite("Random calls of the types that calls take")
struct FuzzTests {
    /// `./akuma test --long`.
    private static var isLong: Bool { ProcessInfo.processInfo.environment["AKUMA_LONG"] == "1" }

    @Test("10⁶ calls, half of them short of frames, leave every reference counted and nothing behind")
    func usual() async throws { try await fuzz(seed: 1, calls: 1_000_000, patience: .seconds(1800)) }

    @Test("10⁷ calls likewise", .enabled(if: isLong))
    func long() async throws { try await fuzz(seed: 2, calls: 10_000_000, patience: .seconds(18_000)) }

    private func fuzz(seed: Int, calls: Int, patience: Duration) async throws {
        let result = try await Guest.run("test-fuzz", "\(seed)", "\(calls)") {
            $0.hasDebuggingInterface = true
            // Instructions are time: what fails, fails again for its seed.
            $0.isDeterministic = true
            $0.timeout = patience
        }
        #expect(result.outcome == .exited(0), "\(result.account)")
        let summary = try #require(result.text.firstMatch(of: /(\d+) calls in \d+ rounds, (\d+) succeeded/), "\(result.account)")
        let made = try #require(Int(summary.output.1))
        let succeeded = try #require(Int(summary.output.2))
        #expect(made >= calls)
        // A fuzzer whose every call is refused shows little.
        #expect(succeeded > made / 5)
    }
}
