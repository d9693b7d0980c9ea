import LinuxABI
import Machine
import MachineAssembly

/// What a process wants to happen at each signal. A slot in a pool; made when the first handler is.
struct SignalActions: ~Copyable {
    private var actions = InlineArray<64, SignalAction>(repeating: SignalAction())

    init() {}

    /// The action of a signal: handler 0 is the default one, 1 ignores.
    subscript(signal: Signal) -> SignalAction {
        @_addressableSelf get { actions[Int(signal.rawValue) - 1] }
        set { actions[Int(signal.rawValue) - 1] = newValue }
    }

    @_addressableSelf borrowing func copy() -> SignalActions {
        var copy = SignalActions()
        for index in 0..<64 { copy.actions[index] = actions[index] }
        return copy
    }

    /// Back to the default, but for what is ignored, and without any flag: what `execve` does (kernel/signal.c,
    /// flush_signal_handlers).
    mutating func forgetHandlers() {
        for index in 0..<64 {
            let isIgnored = actions[index].handler == 1
            actions[index] = SignalAction()
            if isIgnored { actions[index].handler = 1 }
        }
    }
}

extension Process {
    /// The action of a signal.
    func action(of signal: Signal) -> SignalAction { signalActions?.value[signal] ?? SignalAction() }
}

/// `rt_sigaction`.
func setSignalAction(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.fourth == 8, let signal = Signal(checking: UInt64(call.first.asUInt32)) else { throw .invalidArgument }
    let process = Process.current
    let previous = process.value.action(of: signal)
    if call.second != 0 {
        var action = try UserPointer(call.second).load(SignalAction())
        guard !SignalSet.unblockable.contains(signal) else { throw .invalidArgument }
        action.mask = SignalSet(bits: action.mask).subtracting(.unblockable).bits
        // A flag that is not kept is not known (kernel/signal.c, do_sigaction): so programs find out.
        action.flags &= SignalActionFlags.all
        if process.value.signalActions == nil { process.value.signalActions = try kernel.signalActions.make(.init()) }
        process.value.signalActions?.value[signal] = action
        // A pending signal that is now ignored is dropped (kernel/signal.c, do_sigaction).
        if action.handler == 1 || action.handler == 0 && signal.defaultAction == .ignore {
            Thread.current.value.pendingSignals.remove(signal)
        }
    }
    if call.third != 0 { try UserPointer(call.third).store(previous) }
    return 0
}

/// `rt_sigprocmask`.
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

/// `sigaltstack`.
func setSignalStack(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let thread = Thread.current
    let stackPointer = call.frame.value.sp_el0
    var previous = thread.value.signalStack
    if previous.contains(stackPointer) { previous.flags |= SignalStack.onStack }
    if call.first != 0 {
        let wanted = try UserPointer(call.first).load(SignalStack())
        try thread.value.setSignalStack(wanted, stackPointer: stackPointer)
    }
    if call.second != 0 { try UserPointer(call.second).store(previous) }
    return 0
}

extension Thread {
    /// Has handlers run on another stack (sigaltstack(2); kernel/signal.c, do_sigaltstack).
    /// - Throws: EPERM while the thread runs on the one that it has, EINVAL for a flag that is not known, ENOMEM for a
    ///   stack that is too small.
    mutating func setSignalStack(_ wanted: SignalStack, stackPointer: UInt64) throws(Errno) {
        guard !signalStack.contains(stackPointer) else { throw .notPermitted }
        switch wanted.flags {
        case SignalStack.disabled:
            signalStack = .none
        case 0, SignalStack.onStack:
            // MINSIGSTKSZ of AArch64 (arch/arm64/include/uapi/asm/signal.h).
            guard wanted.size >= 5120 else { throw .noMemory }
            signalStack = wanted
            signalStack.flags = 0
        default:
            // SS_AUTODISARM is refused until it works.
            throw .invalidArgument
        }
    }
}

extension SignalStack {
    /// SS_ONSTACK.
    static var onStack: Int32 { 1 }
    /// SS_DISABLE.
    static var disabled: Int32 { 2 }

    /// No alternate stack.
    static var none: SignalStack {
        var stack = SignalStack()
        stack.flags = disabled
        return stack
    }

    /// Whether a stack pointer lies on this stack (include/linux/sched/signal.h, __on_sig_stack).
    func contains(_ stackPointer: UInt64) -> Bool {
        size > 0 && stackPointer > base && stackPointer - base <= size
    }
}
