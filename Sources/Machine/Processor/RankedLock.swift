import MachineAssembly

/// A place in the order in which locks are taken.
public protocol LockRank {
    /// Above 0. A lock may be taken while locks of lower ranks are held, and none of the same or a higher one.
    static var rank: UInt64 { get }
}

/// State that one CPU at a time uses. A ticket lock, so that every CPU gets its turn.
///
/// Taking one out of order traps: the CPU knows the highest rank it holds. The kernel runs with interrupts masked, so
/// no handler can want a lock that its own CPU holds. Keep the lock in a global or in a ``Pool``: its address is the
/// lock.
public struct RankedLock<Rank: LockRank, State: ~Copyable>: ~Copyable {
    /// The ticket being served in bits 15:0, the next one to be given out in bits 31:16.
    private var tickets: UInt32 = 0
    private var state: State

    /// A free lock.
    public init(_ state: consuming State) { self.state = state }

    /// Runs `body` with the state, alone. `body` must not switch threads.
    @inline(__always) public mutating func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let cpu = Processor.current
        let outer = cpu.value.held_rank
        precondition(Rank.rank > outer, "locks are taken in the order of their ranks")
        let address = unsafe withUnsafeMutablePointer(to: &tickets) { pointer in
            UInt64(UInt(bitPattern: pointer))
        }
        let ticket = Self.takeTicket(address)
        while akuma_load_acquire32(address) & 0xffff != ticket { Processor.spinHint() }
        cpu.value.held_rank = Rank.rank
        defer {
            cpu.value.held_rank = outer
            Self.serveNext(address)
        }
        return try body(&state)
    }

    /// Runs `body` with the state, alone, and with something that it takes over: a closure can't consume what it
    /// captured.
    public mutating func withLock<Argument: ~Copyable>(
        consuming argument: consuming Argument, _ body: (inout State, consuming Argument) -> Void
    ) {
        var handedOver: Argument? = consume argument
        withLock { state in
            if let argument = handedOver.take() { body(&state, argument) }
        }
    }

    @inline(__always) private static func takeTicket(_ address: UInt64) -> UInt32 {
        akuma_fetch_add32(address, 0x1_0000) >> 16
    }

    /// Only the holder changes the lower half, so a store will do; others may take tickets meanwhile.
    @inline(__always) private static func serveNext(_ address: UInt64) {
        akuma_store_release16(address, akuma_load16(address) &+ 1)
    }
}
