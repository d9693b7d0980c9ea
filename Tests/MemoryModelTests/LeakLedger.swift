import FakeMachine
import Testing

/// Ends each test with a look at the machines it made: no frame is outstanding, and no violation was left untaken.
struct LeakLedger: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? nil : self }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let registry = MachineRegistry()
        try await MachineRegistry.$current.withValue(registry) { try await function() }
        for complaint in registry.complaints() { Issue.record(Comment(rawValue: complaint)) }
    }
}

extension Trait where Self == LeakLedger {
    /// No frame is outstanding and no violation untaken when the test ends.
    static var leakLedger: LeakLedger { LeakLedger() }
}
