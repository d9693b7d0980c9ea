import Machine

/// Takes the interrupts that are due, and does what they ask for.
///
/// The timer is not set again here: whose turn is over may not have been switched away yet, and the timer would interrupt
/// at once, for ever. Whoever goes on running next sets it.
func handleInterrupt() {
    while let interrupt = kernel.interrupts.acknowledge() {
        if interrupt == kernel.timerInterrupt {
            Timer.cancel()
            kernel.scheduler.withLock { $0.wakeSleepers(at: Timer.now) }
        } else if interrupt == kernel.console.interrupt {
            kernel.console.handleInterrupt()
            wakeAll(onFile: .input)
            wakeAll(on: .output)
        }
        kernel.interrupts.end(interrupt)
    }
}
