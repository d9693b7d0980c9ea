import LinuxABI

/// A set of signals in the layout of the kernel's `sigset_t`: signal n is bit n − 1.
struct SignalSet: Equatable {
    var bits: UInt64 = 0

    var isEmpty: Bool { bits == 0 }

    func contains(_ signal: Signal) -> Bool { bits & SignalSet.bit(signal) != 0 }
    mutating func insert(_ signal: Signal) { bits |= SignalSet.bit(signal) }
    mutating func remove(_ signal: Signal) { bits &= ~SignalSet.bit(signal) }
    func subtracting(_ other: SignalSet) -> SignalSet { SignalSet(bits: bits & ~other.bits) }

    /// The signal of the lowest number in the set.
    var first: Signal? { bits == 0 ? nil : Signal(rawValue: UInt8(truncatingIfNeeded: bits.trailingZeroBitCount) + 1) }

    /// SIGKILL and SIGSTOP can't be blocked, ignored or handled (signal(7)).
    static var unblockable: SignalSet { SignalSet(bits: bit(.kill) | bit(.stop)) }

    private static func bit(_ signal: Signal) -> UInt64 { 1 << (UInt64(signal.rawValue) - 1) }
}

/// What a signal does to a process that did not say otherwise (signal(7), "Signal dispositions").
enum DefaultAction {
    case terminate
    case ignore
    case stop
    case `continue`
}

extension Signal {
    /// A number that a program gave; nil unless it is 1…64.
    init?(checking number: UInt64) {
        guard 1...UInt64(Signal.last.rawValue) ~= number else { return nil }
        self.init(rawValue: UInt8(number))
    }

    var defaultAction: DefaultAction {
        switch self {
        case .child, .urgent, .windowChange: .ignore
        case .continue: .continue
        case .stop, .terminalStop, .terminalInput, .terminalOutput: .stop
        default: .terminate
        }
    }

    /// The end by this signal comes with a core where cores are written (include/linux/signal.h, SIG_KERNEL_COREDUMP_MASK).
    var dumpsCore: Bool {
        switch self {
        case .quit, .illegalInstruction, .trap, .abort, .floatingPointException, .segmentationFault, .busError,
            .badSystemCall, .cpuLimit, .fileSizeLimit:
            true
        default: false
        }
    }
}
