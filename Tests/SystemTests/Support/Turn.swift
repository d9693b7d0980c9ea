/// Turns for what takes a whole CPU: at most two machines run at a time.
actor Turn {
    private static let shared = Turn()
    private var free = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs `body` when it is its turn.
    static func take<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        await shared.begin()
        do {
            let result = try await body()
            await shared.end()
            return result
        } catch {
            await shared.end()
            throw error
        }
    }

    private func begin() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func end() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
