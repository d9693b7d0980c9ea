import Machine

/// Takes the interrupt that is due, and does what it asks for.
func handleInterrupt() {
    while let interrupt = kernel.interrupts.acknowledge() {
        if interrupt == kernel.timerInterrupt {
            Timer.cancel()
            kernel.scheduler.withLock { $0.wakeSleepers(at: Timer.now) }
            updateTimer()
        } else if interrupt == kernel.console.interrupt {
            kernel.console.handleInterrupt()
            wakeAll(on: .input)
            wakeAll(on: .output)
        }
        kernel.interrupts.end(interrupt)
    }
}
