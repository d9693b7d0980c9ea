import LinuxABI
import Machine
import MachineAssembly

/// Makes a signal pending for a process and wakes it from an interruptible wait.
///
/// A signal that would be ignored is dropped at once, as Linux does (kernel/signal.c, sig_ignored).
func send(_ signal: Signal, to process: Handle<Process>) {
    guard process.value.state == .alive, let thread = process.value.thread else { return }
    let isIgnored = process.value.ignoredSignals.contains(signal) || signal.defaultAction == .ignore
    if isIgnored && !thread.value.blockedSignals.contains(signal) { return }
    thread.value.pendingSignals.insert(signal)
    kernel.scheduler.withLock { $0.wake(thread) }
    updateTimer()
}

/// Acts on the pending signals of the running thread, on its way out to EL0.
func actOnSignals(_ frame: Handle<TrapFrame>) {
    let thread = Thread.current
    while let signal = thread.value.pendingSignals.subtracting(thread.value.blockedSignals).first {
        thread.value.pendingSignals.remove(signal)
        if thread.value.process.value.ignoredSignals.contains(signal) { continue }
        switch signal.defaultAction {
        case .ignore, .continue:
            continue
        case .stop:
            // Job control comes later; a program that asks to be stopped is told in the log that it was not.
            Console.log("signals: pid \(Int(thread.value.id)) is not stopped by \(signal.name): no job control yet")
            continue
        case .terminate:
            endProcess(WaitStatus(signaled: signal))
        }
    }
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
        if let signal { send(signal, to: process) }
        return 0
    }
    // 0 is the caller's group, -1 everyone but the caller and the first process, -group that group.
    guard id == 0 || id == -1 || -id == processGroupID else { throw .noSuchProcess }
    var found = false
    var candidate = kernel.processes.first
    while let process = candidate {
        candidate = process.value.nextProcess
        if id == -1 && (process == Process.current || process == kernel.firstProcess) { continue }
        found = true
        if let signal { send(signal, to: process) }
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
    if let signal { send(signal, to: process) }
    return 0
}

/// 0 only asks whether the target exists.
private func checkedSignal(_ number: UInt64) throws(Errno) -> Signal? {
    let number = UInt64(number.asUInt32)
    if number == 0 { return nil }
    guard let signal = Signal(checking: number) else { throw .invalidArgument }
    return signal
}

/// `rt_sigaction`: the default action and SIG_IGN. A handler is refused with ENOSYS until there is delivery to handlers.
func setSignalAction(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.fourth == 8, let signal = Signal(checking: UInt64(call.first.asUInt32)) else { throw .invalidArgument }
    let process = Process.current
    var previous = SignalAction()
    previous.handler = process.value.ignoredSignals.contains(signal) ? 1 : 0
    if call.second != 0 {
        let action = try UserPointer(call.second).load(SignalAction())
        guard !SignalSet.unblockable.contains(signal) else { throw .invalidArgument }
        switch action.handler {
        case 0: process.value.ignoredSignals.remove(signal)
        case 1: process.value.ignoredSignals.insert(signal)
        default:
            Console.log("signals: pid \(Int(process.value.id)): handlers are not supported yet (\(signal.name))")
            throw .noFunction
        }
    }
    if call.third != 0 { try UserPointer(call.third).store(previous) }
    return 0
}

func changeSignalMask(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.fourth == 8 else { throw .invalidArgument }
    let thread = Thread.current
    let previous = thread.value.blockedSignals
    if call.second != 0 {
        let set = SignalSet(bits: try UserPointer(call.second).load(UInt64(0)))
        let asked: SignalSet
        switch SignalMaskChange(rawValue: call.first.asUInt32) {
        case .block: asked = SignalSet(bits: previous.bits | set.bits)
        case .unblock: asked = previous.subtracting(set)
        case .set: asked = set
        case nil: throw .invalidArgument
        }
        thread.value.blockedSignals = asked.subtracting(.unblockable)
    }
    if call.third != 0 { try UserPointer(call.third).store(previous.bits) }
    return 0
}
