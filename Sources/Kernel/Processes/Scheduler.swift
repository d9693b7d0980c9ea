import Machine

/// Who runs next. Every field is guarded by the scheduler's lock; nothing here switches contexts, because a mutating
/// method must never be left by one thread and returned from by another.
struct Scheduler: ~Copyable {
    /// Threads that could run and do not, in the order in which they will.
    private var ready = ThreadList()
    /// Waiting threads, by their channel's bucket, first come, first woken.
    private var waiting = InlineArray<64, ThreadList>(repeating: ThreadList())
    /// Threads with a wake time, earliest first, linked by `nextSleeper`.
    private var firstSleeper: Handle<Thread>?

    /// How long a thread runs before another ready one gets its turn, in counter ticks: 10 ms.
    let slice: UInt64

    init(ticksPerSecond: UInt64) { slice = ticksPerSecond / 100 }

    var hasReadyThread: Bool { ready.first != nil }

    /// Takes the thread whose turn it is.
    mutating func takeNext() -> Handle<Thread>? { ready.removeFirst() }

    /// Puts a thread that is off its CPU in line.
    mutating func append(_ thread: Handle<Thread>) { ready.append(thread) }

    /// Puts the running thread to sleep on a channel, until a deadline if there is one. It still runs until it is
    /// switched away.
    mutating func park(_ thread: Handle<Thread>, on channel: WaitChannel, until deadline: UInt64?) {
        thread.value.state = .waiting
        thread.value.channel = channel
        waiting[channel.bucket].append(thread)
        thread.value.wakeTime = deadline
        if let deadline { insertSleeper(thread, waking: deadline) }
    }

    /// Ends a thread's sleep, and puts it in line unless it has not been switched away yet (whoever switches it away then
    /// does).
    mutating func wake(_ thread: Handle<Thread>) {
        guard thread.value.state == .waiting else { return }
        thread.value.state = .ready
        waiting[thread.value.channel.bucket].remove(thread)
        if thread.value.wakeTime != nil {
            removeSleeper(thread)
            thread.value.wakeTime = nil
        }
        if !thread.value.isOnProcessor { ready.append(thread) }
    }

    /// Wakes everyone who waits on a channel.
    mutating func wakeAll(on channel: WaitChannel) {
        var candidate = waiting[channel.bucket].first
        while let thread = candidate {
            candidate = thread.value.next
            if thread.value.channel == channel { wake(thread) }
        }
    }

    /// Wakes the sleepers whose time has come.
    mutating func wakeSleepers(at now: UInt64) {
        while let thread = firstSleeper, let wakeTime = thread.value.wakeTime, wakeTime <= now { wake(thread) }
    }

    /// When the timer must interrupt next: at the first sleeper's wake time, or at the end of the running thread's
    /// slice if another thread is ready. Nil where nothing needs an interrupt.
    func nextEvent(sliceStart: UInt64) -> UInt64? {
        let sliceEnd: UInt64? = hasReadyThread ? sliceStart &+ slice : nil
        guard let wakeTime = firstSleeper?.value.wakeTime else { return sliceEnd }
        guard let sliceEnd else { return wakeTime }
        return min(wakeTime, sliceEnd)
    }

    private mutating func insertSleeper(_ thread: Handle<Thread>, waking wakeTime: UInt64) {
        guard var previous = firstSleeper, (previous.value.wakeTime ?? 0) <= wakeTime else {
            thread.value.nextSleeper = firstSleeper
            firstSleeper = thread
            return
        }
        while let next = previous.value.nextSleeper, (next.value.wakeTime ?? 0) <= wakeTime { previous = next }
        thread.value.nextSleeper = previous.value.nextSleeper
        previous.value.nextSleeper = thread
    }

    private mutating func removeSleeper(_ thread: Handle<Thread>) {
        if firstSleeper == thread {
            firstSleeper = thread.value.nextSleeper
        } else {
            var previous = firstSleeper
            while let candidate = previous, candidate.value.nextSleeper != thread {
                previous = candidate.value.nextSleeper
            }
            previous?.value.nextSleeper = thread.value.nextSleeper
        }
        thread.value.nextSleeper = nil
    }
}

/// Threads in a line, linked by `Thread.next`. A thread stands in at most one such list.
struct ThreadList {
    private(set) var first: Handle<Thread>?
    private var last: Handle<Thread>?

    mutating func append(_ thread: Handle<Thread>) {
        thread.value.next = nil
        if let last { last.value.next = thread } else { first = thread }
        last = thread
    }

    mutating func removeFirst() -> Handle<Thread>? {
        guard let thread = first else { return nil }
        first = thread.value.next
        if first == nil { last = nil }
        thread.value.next = nil
        return thread
    }

    /// Takes out a thread that stands somewhere in the list.
    mutating func remove(_ thread: Handle<Thread>) {
        if first == thread {
            _ = removeFirst()
            return
        }
        var previous = first
        while let candidate = previous, candidate.value.next != thread { previous = candidate.value.next }
        guard let previous else { return }
        previous.value.next = thread.value.next
        if last == thread { last = previous }
        thread.value.next = nil
    }
}

/// What a thread waits for: a name that whoever makes it happen knows too. Nothing needs to exist for it.
struct WaitChannel: Equatable {
    private let key: UInt64

    /// Only the deadline, or a signal.
    static var nothing: WaitChannel { WaitChannel(key: 0) }
    /// Bytes, or the end, of standard input.
    static var input: WaitChannel { WaitChannel(key: 1) }
    /// Some file became readable, writable, or lost its other end: what `ppoll` waits for.
    static var readiness: WaitChannel { WaitChannel(key: 3) }
    /// The host takes more output.
    static var output: WaitChannel { WaitChannel(key: 2) }
    /// A pipe has more bytes, more room, or fewer ends.
    static func pipe(_ pipe: Handle<Pipe>) -> WaitChannel { WaitChannel(key: pipe.address) }
    /// A child of the process ends.
    static func child(of process: Handle<Process>) -> WaitChannel { WaitChannel(key: process.address | 1) }
    /// The child on which the process waits gives back the memory that it borrowed.
    static func release(of process: Handle<Process>) -> WaitChannel { WaitChannel(key: process.address | 2) }
    /// The call that had the object to itself is done with it.
    static func sleepingLock<Owner: SleepinglyLocked & ~Copyable>(of owner: Handle<Owner>) -> WaitChannel {
        WaitChannel(key: owner.address)
    }

    /// Where its threads are kept. Pool slots are multiples of 8, and few share a page.
    var bucket: Int { Int(truncatingIfNeeded: (key ^ key >> 6 ^ key >> 12) & 63) }
}
