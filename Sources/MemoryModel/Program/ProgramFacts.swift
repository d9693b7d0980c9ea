/// What a program is told at its start beyond its own file: the rest of the auxiliary vector.
public struct ProgramFacts: Sendable {
    /// `AT_RANDOM`: 16 bytes that nobody can guess, as two words.
    public var random: InlineArray<2, UInt64>
    /// `AT_HWCAP`
    public var hardwareCapabilities: UInt64
    /// `AT_HWCAP2`
    public var hardwareCapabilities2: UInt64
    /// `AT_MINSIGSTKSZ`: bytes that a signal's delivery takes of the stack.
    public var minimumSignalStack: ByteCount
    public var userID: UInt32 = 0
    public var effectiveUserID: UInt32 = 0
    public var groupID: UInt32 = 0
    public var effectiveGroupID: UInt32 = 0
    /// `AT_SECURE`: whether the program gained rights by being started.
    public var isSecure = false

    public init(
        random: InlineArray<2, UInt64>, hardwareCapabilities: UInt64, hardwareCapabilities2: UInt64,
        minimumSignalStack: ByteCount
    ) {
        self.random = random
        self.hardwareCapabilities = hardwareCapabilities
        self.hardwareCapabilities2 = hardwareCapabilities2
        self.minimumSignalStack = minimumSignalStack
    }
}

/// The pages of a new program's stack, as far as ``InitialStack`` writes them.
public protocol InitialStackMemory {
    associatedtype Failure: Error

    /// Writes a word in the program's byte order (little-endian) at a multiple of 8.
    mutating func write(word: UInt64, at address: VirtualAddress) throws(Failure)

    /// Writes bytes that lie within one page.
    mutating func write(_ bytes: Span<UInt8>, at address: VirtualAddress) throws(Failure)
}

/// Instantiates the initial stack, never called: `-no-allocations` checks specialised code only.
func instantiateInitialStack(
    _ stack: borrowing InitialStack, _ plan: borrowing LoadPlan, _ facts: ProgramFacts
) throws(NullStackMemory.Failure) {
    var memory = NullStackMemory()
    try stack.write(plan, facts, to: &memory)
}

/// Memory that nothing can be written to.
struct NullStackMemory: InitialStackMemory {
    struct Failure: Error {}
    mutating func write(word: UInt64, at address: VirtualAddress) throws(Failure) { throw Failure() }
    mutating func write(_ bytes: Span<UInt8>, at address: VirtualAddress) throws(Failure) { throw Failure() }
}
