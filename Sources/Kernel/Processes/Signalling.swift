import LinuxABI
import Machine
import MachineAssembly

/// Makes a signal pending for a process and wakes it from an interruptible wait.
///
/// A signal that would be ignored is dropped at once, as Linux does (kernel/signal.c, sig_ignored).
func send(_ signal: Signal, to process: Handle<Process>, _ origin: SignalOrigin) {
    guard process.value.state == .alive, let thread = process.value.thread else { return }
    let handler = process.value.action(of: signal).handler
    let isIgnored = handler == 1 || handler == 0 && signal.defaultAction == .ignore
    if isIgnored && !thread.value.blockedSignals.contains(signal) { return }
    // A signal that is pending already comes once, with what came first (kernel/signal.c, legacy_queue).
    guard !thread.value.pendingSignals.contains(signal) else { return }
    thread.value.pendingSignals.insert(signal)
    thread.value.noteOrigin(origin, of: signal)
    kernel.scheduler.withLock { $0.wake(thread) }
    updateTimer()
}

/// Makes a signal pending that the running process sends.
/// - Parameter code: why: `SI_USER`, `SI_TKILL`, or `SI_KERNEL` where nobody sent it.
func send(_ signal: Signal, to process: Handle<Process>, _ code: SignalCode) {
    send(signal, to: process, SignalOrigin(process: Process.current.value.id, code: code))
}

/// Ends the running process for what it did, even where the signal is blocked or ignored (kernel/signal.c,
/// force_sig_info).
func endProcess(for signal: Signal, _ reason: StaticString, _ frame: Handle<TrapFrame>) -> Never {
    Console.log(
        """
        signals: pid \(Int(Process.current.value.id)) ended by \(signal.name): \(reason), address \
        \(hex: frame.value.far), instruction \(hex: frame.value.elr), esr \(hex: frame.value.esr)
        """)
    endProcess(WaitStatus(signaled: signal))
}

/// `kill`.
func sendSignal(toProcess id: Int32, signal number: UInt64) throws(Errno) -> UInt64 {
    let signal = try checkedSignal(number)
    if id > 0 {
        guard let process = kernel.processes.process(id) else { throw .noSuchProcess }
        if let signal { send(signal, to: process, .user) }
        return 0
    }
    // 0 is the caller's group, -1 everyone but the caller and the first process, -group that group.
    guard id == 0 || id == -1 || id == -processGroupID else { throw .noSuchProcess }
    var found = false
    kernel.processes.forEach { process in
        if id == -1 && (process == Process.current || process == kernel.firstProcess) { return }
        found = true
        if let signal { send(signal, to: process, .user) }
    }
    if !found { throw .noSuchProcess }
    return 0
}

/// `tkill` and `tgkill`.
func sendSignal(toThread id: Int32, of group: Int32?, signal number: UInt64) throws(Errno) -> UInt64 {
    guard id > 0, group.map({ $0 > 0 }) ?? true else { throw .invalidArgument }
    let signal = try checkedSignal(number)
    // A process has one thread, of its own number.
    guard group == nil || group == id, let process = kernel.processes.process(id) else { throw .noSuchProcess }
    if let signal { send(signal, to: process, .thread) }
    return 0
}

/// 0 only asks whether the target exists.
private func checkedSignal(_ number: UInt64) throws(Errno) -> Signal? {
    let number = UInt64(number.asUInt32)
    if number == 0 { return nil }
    guard let signal = Signal(checking: number) else { throw .invalidArgument }
    return signal
}
