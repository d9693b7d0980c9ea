import LinuxABI
import Machine
import MachineAssembly

/// Who sent a signal, and why.
struct SignalOrigin {
    var process: Int32 = 0
    var code = SignalCode.user
    /// Of a child that ended: its status, or the signal that ended it, and how long it ran, in hundredths of a second.
    var status: Int32 = 0
    var time: UInt32 = 0
}

extension SignalOrigin {
    /// A child has ended (kernel/signal.c, do_notify_parent).
    init(endOf child: Handle<Process>) {
        process = child.value.id
        time = UInt32(truncatingIfNeeded: kernel.clock.nanoseconds(ofTicks: child.value.ownTicks) / 10_000_000)
        if let signal = child.value.status.signal {
            code = .childKilled
            status = Int32(signal.rawValue)
        } else {
            code = .childExited
            status = Int32(child.value.status.exitStatus ?? 0)
        }
    }
}

/// What a thread's handlers are told of its last exception, whatever signal they are called for: Linux's `fault_address`
/// and `fault_code` (arch/arm64/kernel/signal.c, setup_sigframe).
struct LastFault {
    /// Without a tag; 0 for what was no fault of an address.
    var address: UInt64 = 0
    /// ESR_EL1; 0 where the frame has no record of it.
    var syndrome: UInt64 = 0
}

/// What a thread is doing, as far as the scheduler cares.
enum ThreadState: UInt8 {
    /// Runs, or stands in the ready list.
    case ready
    /// Waits on a channel, until its wake time if it has one.
    case waiting
    /// Will never run again; its stack is given back by whoever runs next.
    case dead
}

/// One program thread, and the kernel stack that serves it. Lives in a pool slot; named by `Handle<Thread>`.
struct Thread: ~Copyable {
    /// Callee-saved registers, stack pointer, vector registers and thread pointer while the thread does not run. The
    /// first field, so that a handle to the thread is one to its context.
    fileprivate var savedContext: Context
    let stack: KernelStack
    let id: Int32
    let process: Handle<Process>

    var state: ThreadState = .ready

    /// Some CPU runs the thread, or has not finished saving its registers.
    var isOnProcessor = false

    /// Next in the ready list, or among those that wait.
    var next: Handle<Thread>?
    /// Next in the list of sleepers, sorted by wake time.
    var nextSleeper: Handle<Thread>?
    /// Counter value at which a sleeper is woken; nil where it waits without limit.
    var wakeTime: UInt64?
    /// What the thread waits for, while it waits.
    var channel = WaitChannel.nothing

    /// Signals that are kept pending rather than acted on.
    var blockedSignals = SignalSet()
    /// Signals sent and not yet acted on.
    var pendingSignals = SignalSet()

    /// Who sent each pending signal, and why.
    private var origins = InlineArray<64, SignalOrigin>(repeating: SignalOrigin())
    /// What its last exception was, if it had one.
    var lastFault = LastFault()
    /// Where handlers that ask for it run (`sigaltstack`).
    var signalStack = SignalStack.none

    /// Where a new thread stores its own number before anything else; 0 for nowhere.
    var setChildID: UInt64 = 0
    /// Where the kernel stores 0 when the thread ends (`set_tid_address`); 0 for nowhere.
    var clearChildID: UInt64 = 0

    /// How often it gave up the CPU because it waited, and because another one's turn had come.
    var voluntarySwitches: UInt64 = 0
    var involuntarySwitches: UInt64 = 0

    /// What the thread is called, ended by a NUL: after its program, until `prctl` says otherwise.
    var name = InlineArray<16, UInt8>(repeating: 0)

    /// Counter ticks that the thread has run.
    var runTicks: UInt64 = 0
    /// Counter value when the thread was last put on its CPU.
    var startedAt: UInt64 = 0

    init(context: Context, stack: KernelStack, id: Int32, process: Handle<Process>) {
        savedContext = context
        self.stack = stack
        self.id = id
        self.process = process
    }

    mutating func noteOrigin(_ origin: SignalOrigin, of signal: Signal) {
        origins[Int(signal.rawValue) - 1] = origin
    }

    /// What a handler is told of a pending signal.
    mutating func information(of signal: Signal) -> SignalInformation {
        let origin = origins[Int(signal.rawValue) - 1]
        var information = SignalInformation()
        information.signal = Int32(signal.rawValue)
        information.code = origin.code.rawValue
        information.value = UInt64(UInt32(bitPattern: origin.process))
        information.status = UInt64(UInt32(bitPattern: origin.status))
        information.userTime = UInt64(origin.time)
        return information
    }

    /// A signal is pending that is not blocked.
    var hasActionableSignal: Bool { !pendingSignals.subtracting(blockedSignals).isEmpty }

    /// A signal is pending that ends the process in the middle of what it waits for: not one for which Linux would write
    /// a core first (kernel/signal.c, complete_signal).
    var hasFatalSignal: Bool {
        var signals = pendingSignals.subtracting(blockedSignals)
        while let signal = signals.first {
            signals.remove(signal)
            let isDefault = process.value.action(of: signal).handler == 0
            if isDefault && signal.defaultAction == .terminate && !signal.dumpsCore { return true }
        }
        return false
    }
}

extension Thread {
    /// The thread that this CPU runs.
    static var current: Handle<Thread> { ProcessorState.current.value.thread }

    /// Counter ticks that the running thread has run.
    var ticksRun: UInt64 { runTicks &+ (Timer.now &- startedAt) }
}

extension Handle where T == Thread {
    /// What the context switch saves to and loads from: a thread's first field.
    var context: Handle<Context> { unsafe Handle<Context>(unsafeAddress: address) }
}
