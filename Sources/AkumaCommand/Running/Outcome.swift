/// How a machine ended.
public enum Outcome: Equatable, Sendable {
    /// The program ended with this status: its own, or 128 + the signal that killed it.
    case exited(Int32)
    /// The kernel panicked; this is its report.
    case panicked(String)
    /// The time that it was given was over.
    case timedOut
    /// The command was told to end by this signal of the host.
    case interrupted(signal: Int32)
    /// The reader of the program's output went away.
    case outputClosed
    /// The emulator ended without a word from the kernel.
    case emulatorFailed(String)
}

/// Where a program's input comes from.
public enum InputSource: Sendable {
    /// These bytes, then the end.
    case bytes([UInt8])
    /// A descriptor of the host, until its end.
    case descriptor(Int32)
}

/// Where a stream of the guest goes.
public enum OutputSink: Sendable {
    /// Into the result.
    case collected
    /// To a descriptor of the host as it comes.
    case descriptor(Int32)
}

/// How a machine ended, and what it wrote.
public struct MachineResult: Sendable {
    /// How it ended.
    public let outcome: Outcome
    /// The program's output, if it was collected.
    public let output: [UInt8]
    /// The program's error output, if it was collected.
    public let error: [UInt8]
    /// The kernel's log.
    public let log: String
}
