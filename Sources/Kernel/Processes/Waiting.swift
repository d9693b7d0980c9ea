import Machine

/// Why a wait ended.
enum WaitOutcome {
    /// What was waited for is so.
    case satisfied
    /// A signal wants the thread's attention.
    case interrupted
    /// The time is up.
    case timedOut
}

/// Blocks the running thread until `condition` holds, a signal arrives, or the counter reaches `deadline`.
///
/// The thread waits on the channel before it looks at the condition, so whoever makes the condition true and then wakes
/// the channel is never missed, whatever CPU it runs on.
func wait(
    on channel: WaitChannel, until deadline: UInt64? = nil, _ condition: () -> Bool
) -> WaitOutcome {
    let thread = Thread.current
    while true {
        kernel.scheduler.withLock { $0.park(thread, on: channel, until: deadline) }
        let outcome: WaitOutcome? =
            if condition() {
                .satisfied
            } else if thread.value.hasActionableSignal {
                .interrupted
            } else if let deadline, Timer.now >= deadline {
                .timedOut
            } else {
                nil
            }
        if let outcome {
            kernel.scheduler.withLock { $0.wake(thread) }
            return outcome
        }
        reschedule()
    }
}

/// Blocks the running thread until `condition` holds, whatever signals arrive.
func waitUninterrupted(on channel: WaitChannel, _ condition: () -> Bool) {
    let thread = Thread.current
    while true {
        kernel.scheduler.withLock { $0.park(thread, on: channel, until: nil) }
        if condition() {
            kernel.scheduler.withLock { $0.wake(thread) }
            return
        }
        reschedule()
    }
}

/// Blocks the running thread until `condition` holds or a signal comes that ends it.
func waitUnlessKilled(on channel: WaitChannel, _ condition: () -> Bool) {
    let thread = Thread.current
    waitUninterrupted(on: channel) { condition() || thread.value.hasFatalSignal }
}

/// Wakes every thread on a channel; each looks at its condition again.
func wakeAll(on channel: WaitChannel) {
    kernel.scheduler.withLock { $0.wakeAll(on: channel) }
    updateTimer()
}

/// Wakes every thread that waits for a file on a channel, and those that poll.
func wakeAll(onFile channel: WaitChannel) {
    kernel.readinessChanges &+= 1
    kernel.scheduler.withLock {
        $0.wakeAll(on: channel)
        $0.wakeAll(on: .readiness)
    }
    updateTimer()
}

/// Lets another thread run: because the running one waits or has ended, or because its turn is over.
///
/// Returns when the running thread's turn comes again; never for a dead one.
func reschedule() {
    if kernel.isShortOnPurpose { endShortageOnPurpose() }
    let current = Thread.current
    guard let next = kernel.scheduler.withLock({ $0.takeNext() }) else {
        if current.value.state == .ready { return }
        switchThread(from: current, to: ProcessorState.current.value.idle)
        return
    }
    switchThread(from: current, to: next)
}

/// Lets others run where a call has gone on for longer than a turn: the kernel itself is never preempted. They may wait
/// for the time or for a device, whose interrupts are masked here.
func giveTurnIfOver() {
    let slice = kernel.clock.ticks(ofNanoseconds: 10_000_000)
    guard Timer.now &- Thread.current.value.startedAt > slice else { return }
    if Processor.hasPendingInterrupt {
        handleInterrupt()
        updateTimer()
    }
    if kernel.scheduler.withLock({ $0.hasReadyThread }) { reschedule() }
}

/// Switches stack, registers and address space. The one place that does (LESSONS 4).
private func switchThread(from current: Handle<Thread>, to next: Handle<Thread>) {
    let now = Timer.now
    if current.value.state == .ready {
        current.value.involuntarySwitches &+= 1
    } else {
        current.value.voluntarySwitches &+= 1
    }
    current.value.runTicks &+= now &- current.value.startedAt
    next.value.startedAt = now
    next.value.isOnProcessor = true
    ProcessorState.current.value.thread = next
    ProcessorState.current.value.previous = current
    install(next.value.process.value.space)
    Machine.Thread.switchContext(from: current.context, to: next.context)
    finishSwitch()
}

/// What the thread that now runs does for the one that ran before: only now are its registers saved and its stack free.
func finishSwitch() {
    let processor = ProcessorState.current
    guard let previous = processor.value.previous else { return }
    processor.value.previous = nil
    previous.value.isOnProcessor = false
    switch previous.value.state {
    case .ready:
        if previous != processor.value.idle { kernel.scheduler.withLock { $0.append(previous) } }
    case .waiting:
        break
    case .dead:
        destroyThread(previous)
    }
    updateTimer()
}

/// Sets the timer to the next time at which the scheduler has something to do.
func updateTimer() {
    let sliceStart = Thread.current.value.startedAt
    let next = kernel.scheduler.withLock { $0.nextEvent(sliceStart: sliceStart) }
    if let next { Timer.interrupt(at: next) } else { Timer.cancel() }
}

/// What a CPU does when no thread can run: it waits for an interrupt, on the kernel-only address space.
func idle() -> Never {
    while true {
        reschedule()
        Processor.waitForInterrupt()
    }
}
