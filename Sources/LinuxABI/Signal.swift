/// A signal, 1 … 64. Source: Linux `include/uapi/asm-generic/signal.h`.
@frozen public struct Signal: RawRepresentable, Equatable, Hashable, Sendable {
    /// The signal's number.
    public let rawValue: UInt8

    /// The signal of a number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The highest signal number.
    public static var last: Signal { Signal(rawValue: 64) }
}

extension Signal {
    /// SIGHUP.
    public static var hangup: Signal { Signal(rawValue: 1) }
    /// SIGINT.
    public static var interrupt: Signal { Signal(rawValue: 2) }
    /// SIGQUIT.
    public static var quit: Signal { Signal(rawValue: 3) }
    /// SIGILL.
    public static var illegalInstruction: Signal { Signal(rawValue: 4) }
    /// SIGTRAP.
    public static var trap: Signal { Signal(rawValue: 5) }
    /// SIGABRT.
    public static var abort: Signal { Signal(rawValue: 6) }
    /// SIGBUS.
    public static var busError: Signal { Signal(rawValue: 7) }
    /// SIGFPE.
    public static var floatingPointException: Signal { Signal(rawValue: 8) }
    /// SIGKILL.
    public static var kill: Signal { Signal(rawValue: 9) }
    /// SIGUSR1.
    public static var user1: Signal { Signal(rawValue: 10) }
    /// SIGSEGV.
    public static var segmentationFault: Signal { Signal(rawValue: 11) }
    /// SIGUSR2.
    public static var user2: Signal { Signal(rawValue: 12) }
    /// SIGPIPE.
    public static var brokenPipe: Signal { Signal(rawValue: 13) }
    /// SIGALRM.
    public static var alarm: Signal { Signal(rawValue: 14) }
    /// SIGTERM.
    public static var terminate: Signal { Signal(rawValue: 15) }
    /// SIGCHLD.
    public static var child: Signal { Signal(rawValue: 17) }
    /// SIGCONT.
    public static var `continue`: Signal { Signal(rawValue: 18) }
    /// SIGSTOP.
    public static var stop: Signal { Signal(rawValue: 19) }
    /// SIGTSTP.
    public static var terminalStop: Signal { Signal(rawValue: 20) }
    /// SIGTTIN.
    public static var terminalInput: Signal { Signal(rawValue: 21) }
    /// SIGTTOU.
    public static var terminalOutput: Signal { Signal(rawValue: 22) }
    /// SIGURG.
    public static var urgent: Signal { Signal(rawValue: 23) }
    /// SIGXCPU.
    public static var cpuLimit: Signal { Signal(rawValue: 24) }
    /// SIGXFSZ.
    public static var fileSizeLimit: Signal { Signal(rawValue: 25) }
    /// SIGVTALRM.
    public static var virtualAlarm: Signal { Signal(rawValue: 26) }
    /// SIGPROF.
    public static var profilingAlarm: Signal { Signal(rawValue: 27) }
    /// SIGWINCH.
    public static var windowChange: Signal { Signal(rawValue: 28) }
    /// SIGIO.
    public static var ioPossible: Signal { Signal(rawValue: 29) }
    /// SIGPWR.
    public static var power: Signal { Signal(rawValue: 30) }
    /// SIGSYS.
    public static var badSystemCall: Signal { Signal(rawValue: 31) }
}

extension Signal {
    /// The C name, as in `SIGSEGV`; `SIGRT` for the real-time signals, `SIG?` for numbers that Linux does not name.
    public var name: StaticString {
        switch rawValue {
        case 1: "SIGHUP"
        case 2: "SIGINT"
        case 3: "SIGQUIT"
        case 4: "SIGILL"
        case 5: "SIGTRAP"
        case 6: "SIGABRT"
        case 7: "SIGBUS"
        case 8: "SIGFPE"
        case 9: "SIGKILL"
        case 10: "SIGUSR1"
        case 11: "SIGSEGV"
        case 12: "SIGUSR2"
        case 13: "SIGPIPE"
        case 14: "SIGALRM"
        case 15: "SIGTERM"
        case 17: "SIGCHLD"
        case 18: "SIGCONT"
        case 19: "SIGSTOP"
        case 20: "SIGTSTP"
        case 21: "SIGTTIN"
        case 22: "SIGTTOU"
        case 23: "SIGURG"
        case 24: "SIGXCPU"
        case 25: "SIGXFSZ"
        case 26: "SIGVTALRM"
        case 27: "SIGPROF"
        case 28: "SIGWINCH"
        case 29: "SIGIO"
        case 30: "SIGPWR"
        case 31: "SIGSYS"
        case 32...64: "SIGRT"
        default: "SIG?"
        }
    }
}

/// The reason that a signal came with: `si_code`. Source: Linux `include/uapi/asm-generic/siginfo.h`.
@frozen public struct SignalCode: RawRepresentable, Equatable, Sendable {
    /// `si_code` as Linux numbers it.
    public let rawValue: Int32

    /// The reason of a number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// SEGV_MAPERR: nothing is mapped at the address.
    public static var addressNotMapped: SignalCode { SignalCode(rawValue: 1) }
    /// SEGV_ACCERR: the mapping does not permit the access.
    public static var accessNotPermitted: SignalCode { SignalCode(rawValue: 2) }
    /// BUS_ADRALN: invalid alignment.
    public static var invalidAlignment: SignalCode { SignalCode(rawValue: 1) }
    /// BUS_ADRERR: no memory behind the address, as beyond the end of a mapped file.
    public static var noSuchAddress: SignalCode { SignalCode(rawValue: 2) }
    /// ILL_ILLOPC: illegal instruction.
    public static var illegalOpcode: SignalCode { SignalCode(rawValue: 1) }
    /// TRAP_BRKPT: a breakpoint instruction.
    public static var breakpoint: SignalCode { SignalCode(rawValue: 1) }
    /// CLD_EXITED: a child has ended by itself.
    public static var childExited: SignalCode { SignalCode(rawValue: 1) }
    /// CLD_KILLED: a signal has ended a child.
    public static var childKilled: SignalCode { SignalCode(rawValue: 2) }
    /// SI_USER: sent by `kill`.
    public static var user: SignalCode { SignalCode(rawValue: 0) }
    /// SI_TKILL: sent by `tkill` or `tgkill`.
    public static var thread: SignalCode { SignalCode(rawValue: -6) }
    /// SI_KERNEL: sent by the kernel for a reason of its own.
    public static var kernel: SignalCode { SignalCode(rawValue: 0x80) }
}
