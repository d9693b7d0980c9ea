/// Something that ends the command: what went wrong in one sentence, and the status that the caller sees.
public struct Failure: Error, CustomStringConvertible, Sendable {
    /// The statuses that the command keeps for itself, beside the program's own and 128 + signal.
    public enum Status: Int32, Sendable {
        /// A build, a test or a budget failed.
        case failed = 1
        /// The time given with `--timeout` was over (as `timeout(1)`).
        case timedOut = 124
        /// The machine itself failed: a kernel panic, or an emulator that does not start.
        case machine = 125
        /// The program was found and cannot run (as a POSIX shell says it).
        case notRunnable = 126
        /// The program was not found (as a POSIX shell says it).
        case notFound = 127
    }

    /// One sentence without a full stop: what, and why.
    public let description: String

    /// The exit status that goes with it.
    public let status: Status

    /// A failure with its sentence; `status` is 1 unless told.
    public init(_ description: String, status: Status = .failed) {
        self.description = description
        self.status = status
    }
}
