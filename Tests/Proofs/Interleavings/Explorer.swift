/// Explores every order of two threads' steps, up to equivalence: executions that differ only in the order of
/// independent steps are one.
///
/// Dynamic partial-order reduction (Flanagan and Godefroid 2005) with sleep sets (Godefroid 1996), stateless: each
/// execution begins anew and follows the choices of the last up to the one that is to be made otherwise.
struct Explorer {
    /// A choice that was made.
    private struct Node {
        let enabled: [Int]
        /// Threads that need no look here: what follows was seen elsewhere. With the steps that they are about to take.
        let sleeping: [Int: Scheduler.Event]
        var chosen: Int
        /// Threads that were chosen here, with the steps that they took.
        var done: [Int: Scheduler.Event] = [:]
        /// Threads that must be chosen here some time.
        var wanted: Set<Int>
    }

    /// Executions to their ends.
    private(set) var explored = 0
    /// Choices that were never made, because what follows is equivalent to what was seen, and executions given up for
    /// the same reason.
    private(set) var pruned = 0
    private(set) var steps = 0
    /// Where no more executions are made, whatever is left.
    let limit: Int
    private(set) var isExhausted = true

    private var nodes: [Node] = []

    init(limit: Int) { self.limit = limit }

    /// Calls `execute` once for each execution; it makes everything anew and runs the threads under the scheduler.
    mutating func explore(_ execute: (Scheduler) throws -> Void) throws {
        repeat {
            var depth = 0
            var sleeping: [Int: Scheduler.Event] = [:]
            var nodes = self.nodes
            let known = nodes.count
            // The scheduler calls back from other threads, one at a time.
            nonisolated(unsafe) var scheduler: Scheduler?
            let made = Scheduler { enabled in
                // What sleeps wakes where the last step depends on it.
                if depth > 0, let last = unsafe scheduler?.trace.last {
                    sleeping = nodes[depth - 1].sleeping
                    for (thread, event) in nodes[depth - 1].done where thread != last.thread { sleeping[thread] = event }
                    sleeping = sleeping.filter { $0.key != last.thread && !$0.value.depends(on: last) }
                }
                if depth < known {
                    depth += 1
                    return nodes[depth - 1].chosen
                }
                let awake = enabled.filter { sleeping[$0] == nil }
                let previous = unsafe scheduler?.trace.last?.thread
                guard let next = awake.first(where: { $0 == previous }) ?? awake.first else { return nil }
                nodes.append(Node(enabled: enabled, sleeping: sleeping, chosen: next, wanted: [next]))
                depth += 1
                return next
            }
            unsafe scheduler = made
            try execute(made)
            self.nodes = nodes
            if made.isDraining { pruned += 1 } else { explored += 1 }
            steps += made.trace.count
            noteRaces(made.trace)
            if explored >= limit {
                isExhausted = false
                return
            }
        } while chooseOtherwise()
    }

    /// Where two steps of different threads could have come the other way round, the later one's thread must be tried
    /// first.
    private mutating func noteRaces(_ trace: [Scheduler.Event]) {
        for (index, event) in trace.enumerated() where index < nodes.count {
            nodes[index].done[event.thread] = event
        }
        // The last step of the other thread that certainly comes before each thread's next one.
        var before = [-1, -1]
        for (index, event) in trace.enumerated() {
            var other = index - 1
            while other > before[event.thread] {
                let candidate = trace[other]
                if candidate.thread != event.thread && candidate.depends(on: event) {
                    // Who gives a lock back and who waits for it never race; those who take it do.
                    let isHandedOver = candidate.kind == .unlock && event.kind == .lock
                    let rival = isHandedOver ? lastLock(before: other, in: trace) : other
                    if rival > before[event.thread], rival < nodes.count { want(event.thread, at: rival) }
                    before[event.thread] = other
                    break
                }
                other -= 1
            }
        }
    }

    private func lastLock(before index: Int, in trace: [Scheduler.Event]) -> Int {
        trace[..<index].lastIndex { $0.kind == .lock && $0.thread == trace[index].thread } ?? -1
    }

    private mutating func want(_ thread: Int, at index: Int) {
        if nodes[index].enabled.contains(thread) {
            nodes[index].wanted.insert(thread)
        } else {
            nodes[index].wanted.formUnion(nodes[index].enabled)
        }
    }

    /// Goes back to the last choice that must be made otherwise too.
    /// - Returns: whether there is one.
    private mutating func chooseOtherwise() -> Bool {
        while let node = nodes.last {
            let left = node.wanted.filter { node.done[$0] == nil && node.sleeping[$0] == nil }
            if let next = left.min() {
                nodes[nodes.count - 1].chosen = next
                return true
            }
            pruned += node.enabled.count - node.done.count
            nodes.removeLast()
        }
        return false
    }
}
