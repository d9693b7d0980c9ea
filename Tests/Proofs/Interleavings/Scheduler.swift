import Dispatch
import Foundation

/// Runs two threads one step at a time, in an order that somebody else decides.
///
/// Each thread says before each step that it is about to take it, and goes on when it is its turn; between steps it has
/// the machine to itself. All else in the process stands still meanwhile.
final class Scheduler: @unchecked Sendable {
    /// What a step is, as far as the scheduler needs to know.
    enum Kind { case plain, lock, unlock }

    /// A step that was taken, and what it read and wrote.
    struct Event {
        let thread: Int
        let kind: Kind
        var reads: [UInt64] = []
        var writes: [UInt64] = []

        /// Whether the order of the two matters.
        func depends(on other: Event) -> Bool {
            if kind != .plain && other.kind != .plain { return true }
            return writes.contains { other.writes.contains($0) || other.reads.contains($0) }
                || reads.contains { other.writes.contains($0) }
        }
    }

    /// Says which of the threads that can go on does; nil where none should, and the rest does not matter.
    private let decide: ([Int]) -> Int?
    private let turns = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
    private let end = DispatchSemaphore(value: 0)
    private var pending: [Kind?] = [nil, nil]
    private var hasEnded = [false, false]
    private var holder: Int?

    /// The thread that runs.
    private(set) var current = 0
    /// Steps taken.
    private(set) var trace: [Event] = []
    /// The rest does not matter any more: the threads only come to their ends.
    private(set) var isDraining = false
    /// Before the threads begin and after they have ended steps are nobody's.
    private(set) var isRunning = false

    init(decide: @escaping ([Int]) -> Int?) { self.decide = decide }

    /// Runs both bodies to their ends.
    func run(_ bodies: [@Sendable () -> Void]) {
        isRunning = true
        for (thread, body) in bodies.enumerated() {
            let started = Thread { [self] in
                turns[thread].wait()
                body()
                hasEnded[thread] = true
                handOver()
            }
            started.stackSize = 1 << 19
            started.start()
        }
        turns[0].signal()
        end.wait()
        isRunning = false
    }

    /// Waits for the running thread's turn to take a step.
    func step(_ kind: Kind) {
        guard isRunning else { return }
        let thread = current
        pending[thread] = kind
        handOver()
        turns[thread].wait()
        pending[thread] = nil
        if kind == .lock { holder = thread }
        if kind == .unlock { holder = nil }
        if !isDraining { trace.append(Event(thread: thread, kind: kind)) }
    }

    /// Says what the step that was just taken reads and writes.
    func note(reads: [UInt64] = [], writes: [UInt64] = []) {
        guard isRunning, !isDraining, !trace.isEmpty else { return }
        trace[trace.count - 1].reads += reads
        trace[trace.count - 1].writes += writes
    }

    /// Whether somebody holds the lock.
    var isLocked: Bool { holder != nil }

    /// Lets the next thread go on.
    private func handOver() {
        // Each runs to its first step before anything is decided.
        if let unstarted = pending.indices.first(where: { pending[$0] == nil && !hasEnded[$0] }) {
            current = unstarted
            turns[unstarted].signal()
            return
        }
        let enabled = pending.indices.filter { !hasEnded[$0] && (pending[$0] != .lock || holder == nil) }
        guard let first = enabled.first else {
            precondition(hasEnded == [true, true], "a thread waits for a lock that nobody gives back")
            end.signal()
            return
        }
        var next = first
        if !isDraining {
            if let decided = decide(enabled) {
                next = decided
            } else {
                isDraining = true
            }
        }
        current = next
        turns[next].signal()
    }
}
