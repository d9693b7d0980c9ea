// What a signal's handler finds on its stack: Linux's `struct rt_sigframe` for AArch64, as far as the kernel fills it.
// Source: Linux `arch/arm64/kernel/signal.c`, `arch/arm64/include/uapi/asm/sigcontext.h`.

/// `siginfo_t`: why a signal came. 128 bytes; of the union, the fields of `kill`, of faults and of a child's end.
@frozen public struct SignalInformation: BitwiseCopyable, Sendable {
    /// `si_signo`
    public var signal: Int32 = 0
    /// `si_errno`, always 0.
    public var error: Int32 = 0
    /// `si_code`, see `SignalCode`.
    public var code: Int32 = 0
    /// Padding.
    public var padding: Int32 = 0
    /// `si_addr` of a fault; the low half is `si_pid`, the high half `si_uid` of a signal that was sent.
    public var value: UInt64 = 0
    /// The low half is `si_status` of a child.
    public var status: UInt64 = 0
    /// `si_utime` of a child, in hundredths of a second.
    public var userTime: UInt64 = 0
    /// The rest of the union.
    public var rest = InlineArray<11, UInt64>(repeating: 0)

    /// All zero.
    public init() {}
}

/// `struct sigcontext` without its reserved part: the interrupted program's registers. 280 bytes.
@frozen public struct SignalContext: BitwiseCopyable, Sendable {
    /// The address of a fault, 0 for other signals.
    public var faultAddress: UInt64 = 0
    /// x0 to x30.
    public var registers = InlineArray<31, UInt64>(repeating: 0)
    /// The stack pointer.
    public var stackPointer: UInt64 = 0
    /// The address to go on at.
    public var programCounter: UInt64 = 0
    /// NZCV and the other state that a program may change.
    public var processorState: UInt64 = 0

    /// All zero.
    public init() {}
}

/// `struct fpsimd_context`: the first record in the reserved part. 528 bytes.
@frozen public struct VectorRecord: BitwiseCopyable, Sendable {
    /// `FPSIMD_MAGIC`
    public static var magicNumber: UInt32 { 0x4650_8001 }

    /// What the record is.
    public var magic: UInt32 = VectorRecord.magicNumber
    /// Its size.
    public var size: UInt32 = 528
    /// FPSR.
    public var statusRegister: UInt32 = 0
    /// FPCR.
    public var controlRegister: UInt32 = 0
    /// v0 to v31, low half first.
    public var vectors = InlineArray<64, UInt64>(repeating: 0)

    /// All registers zero.
    public init() {}
}

/// `struct esr_context`: what a fault was. 16 bytes.
@frozen public struct FaultRecord: BitwiseCopyable, Sendable {
    /// `ESR_MAGIC`
    public static var magicNumber: UInt32 { 0x4553_5201 }

    /// What the record is; 0 where there is none, which ends the list.
    public var magic: UInt32 = 0
    /// Its size; 0 where there is none.
    public var size: UInt32 = 0
    /// ESR_EL1.
    public var syndrome: UInt64 = 0

    /// The end of the list.
    public init() {}

    /// A record of a fault.
    public init(_ syndrome: UInt64) {
        magic = FaultRecord.magicNumber
        size = 16
        self.syndrome = syndrome
    }
}

/// The frame up to the end of its records. 1,144 bytes of the 4,688 that ``SignalFrame/totalSize`` counts.
@frozen public struct SignalFrame: BitwiseCopyable, Sendable {
    /// The whole structure with the unused rest of its reserved part.
    public static var totalSize: UInt64 { 4688 }

    /// `info`
    public var information = SignalInformation()
    /// `uc_flags`
    public var flags: UInt64 = 0
    /// `uc_link`
    public var link: UInt64 = 0
    /// `uc_stack`: the alternate stack's settings.
    public var stack = SignalStack()
    /// `uc_sigmask`: what was blocked before.
    public var mask: UInt64 = 0
    /// Room for a larger mask, and alignment to 16.
    public var unused = InlineArray<16, UInt64>(repeating: 0)
    /// `uc_mcontext`
    public var context = SignalContext()
    /// Alignment to 16.
    public var padding: UInt64 = 0
    /// The vector registers.
    public var vectors = VectorRecord()
    /// What the fault was, where there was one; otherwise the end of the list.
    public var fault = FaultRecord()
    /// The record that ends the list: magic and size 0.
    public var end: UInt64 = 0

    /// All zero but the record's head.
    public init() {}
}
