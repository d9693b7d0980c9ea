import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// The vectors come here for every synchronous exception from EL0 but `svc`, and for SError.
@c(akuma_user_exception)
public func userExceptionEntry(_ frameAddress: UInt64) {
    let frame = unsafe Handle<TrapFrame>(unsafeAddress: frameAddress)
    let syndrome = ExceptionSyndrome(frame.value.esr)
    if let access = syndrome.userAbort {
        // The path that programs take millions of times: nothing before it, nothing after it where it succeeds.
        do throws(FaultError) {
            try resolveFault(at: frame.value.far, access)
        } catch {
            raise(error, syndrome, frame)
        }
    } else {
        handleRareException(syndrome, frame)
    }
    if Thread.current.value.hasActionableSignal { actOnSignals(frame) }
}

/// The vectors come here for an interrupt that a program was running under.
@c(akuma_user_interrupt)
public func userInterruptEntry(_ frameAddress: UInt64) {
    handleInterrupt()
    if kernel.scheduler.withLock({ $0.hasReadyThread }) {
        // Switching sets the timer for the thread that goes on.
        reschedule()
    } else {
        updateTimer()
    }
    if Thread.current.value.hasActionableSignal {
        actOnSignals(unsafe Handle<TrapFrame>(unsafeAddress: frameAddress))
    }
}

/// The vectors come here for an interrupt that the kernel was idle under.
@c(akuma_kernel_interrupt)
public func kernelInterruptEntry(_ frameAddress: UInt64) {
    handleInterrupt()
    if !kernel.scheduler.withLock({ $0.hasReadyThread }) { updateTimer() }
}

/// Machine comes here for an abort in a user-copy routine. True: try the instruction again.
@c(akuma_kernel_exception)
public func userCopyFaultEntry(_ frameAddress: UInt64) -> Bool {
    let frame = unsafe Handle<TrapFrame>(unsafeAddress: frameAddress)
    guard let access = ExceptionSyndrome(frame.value.esr).kernelAbort else { return false }
    do throws(FaultError) {
        try resolveFault(at: frame.value.far, access)
        return true
    } catch {
        let last = error == .overcommitted ? resolveOnceCounted(at: frame.value.far, access) : error
        guard let last else { return true }
        return last == .outOfMemory && relieveShortage(at: VirtualAddress(frame.value.far).untagged)
    }
}

/// Resolves a fault for which more may have been promised than was known to be left.
/// - Returns: why it can't be resolved; nil where it was.
@inline(never)
private func resolveOnceCounted(at address: UInt64, _ access: Access) -> FaultError? {
    guard countPromisable() else { return .overcommitted }
    do throws(FaultError) {
        try resolveFault(at: address, access)
        return nil
    } catch {
        return error
    }
}

/// Tells a program of an access that nothing can be done about.
@inline(never)
private func raise(_ error: FaultError, _ syndrome: ExceptionSyndrome, _ frame: Handle<TrapFrame>) {
    if syndrome.exceptionClass == 0x20, frame.value.elr == signalReturnAddress {
        returnFromSignal(frame)
        return
    }
    if error != .outOfMemory && error != .overcommitted { noteFault(syndrome, frame) }
    switch error {
    case .notMapped:
        raise(.segmentationFault, .addressNotMapped, "nothing is mapped there (SEGV_MAPERR)", frame)
    case .guarded:
        raise(.segmentationFault, .addressNotMapped, "the page is a guard (SEGV_MAPERR)", frame)
    case .accessDenied:
        raise(.segmentationFault, .accessNotPermitted, "the access is not permitted (SEGV_ACCERR)", frame)
    case .beyondEnd:
        raise(.busError, .noSuchAddress, "the page lies beyond the end of its file (BUS_ADRERR)", frame)
    case .outOfMemory:
        // Where that found a frame, the access is made again; otherwise a signal is pending that ends the program.
        _ = relieveShortage(at: VirtualAddress(frame.value.far).untagged)
    case .overcommitted:
        guard let access = syndrome.userAbort, let last = resolveOnceCounted(at: frame.value.far, access) else { return }
        guard last == .overcommitted else { return raise(last, syndrome, frame) }
        noteFault(syndrome, frame)
        raiseUnpromised(frame)
    }
}

/// Tells a program of an access for which nothing more may be promised: to a page of an object, for which there is no space
/// (mm/shmem.c, shmem_fault), or below a stack, which does not grow.
private func raiseUnpromised(_ frame: Handle<TrapFrame>) {
    let page = VirtualAddress(frame.value.far).untagged.roundedDownToPage
    if Process.current.value.memory.value.memory.isMapped(VirtualRange(page, to: page + Granule.size)) {
        raise(.busError, .noSuchAddress, "no more memory may be promised (BUS_ADRERR)", frame)
    } else {
        raise(.segmentationFault, .addressNotMapped, "no more stack may be promised (SEGV_MAPERR)", frame)
    }
}

/// What a program does rarely, and mostly once (Arm ARM ESR_EL1, table of exception classes).
@inline(never)
private func handleRareException(_ syndrome: ExceptionSyndrome, _ frame: Handle<TrapFrame>) {
    switch syndrome.exceptionClass {
    case 0x01:
        passWait(frame)
    case 0x24 where syndrome.isAlignmentFault:
        noteFault(syndrome, frame)
        raise(.busError, .invalidAlignment, "misaligned access (BUS_ADRALN)", frame)
    case 0x20, 0x24:
        noteException(syndrome)
        raise(.busError, .noSuchAddress, "an access that no table entry is behind (BUS_ADRERR)", frame)
    case 0x22:
        noteException(syndrome)
        raise(.busError, .invalidAlignment, "misaligned program counter (BUS_ADRALN)", frame)
    case 0x2F:
        panic("the hardware reported an error (SError) while a program ran", frame)
    default:
        raiseWithoutFault(syndrome, frame)
    }
}

/// Has a program that waits for an interrupt or event (`wfi`, `wfe`) go on behind that, when others have had their turn
/// (arch/arm64/kernel/traps.c, wfi_handler).
private func passWait(_ frame: Handle<TrapFrame>) {
    frame.value.elr &+= 4
    // BTYPE: the next instruction is no branch's target.
    frame.value.spsr &= ~(3 << 10)
    reschedule()
}

/// Keeps for handlers what an access was that can't be made.
private func noteFault(_ syndrome: ExceptionSyndrome, _ frame: Handle<TrapFrame>) {
    let address = frame.value.far.withoutTag
    Thread.current.value.lastFault = LastFault(address: address, syndrome: syndrome.told(of: VirtualAddress(address)))
}

/// Keeps for handlers what an exception was that is no fault of an address, or nothing where that says no more than the
/// signal (arch/arm64/kernel/traps.c, arm64_notify_die).
private func noteException(_ syndrome: ExceptionSyndrome?) {
    Thread.current.value.lastFault = LastFault(syndrome: syndrome?.value ?? 0)
}

/// Tells a program of what is no fault of an address: FAR_EL1 holds nothing then, and `si_addr` is the instruction's. What
/// a debugger would be told, and arithmetic, leave the last fault what it was (arch/arm64/kernel/traps.c, entry-common.c).
private func raiseWithoutFault(_ syndrome: ExceptionSyndrome, _ frame: Handle<TrapFrame>) {
    frame.value.far = 0
    let instruction = frame.value.elr
    switch syndrome.exceptionClass {
    case 0x0D:
        noteException(nil)
        raise(
            .illegalInstruction, .illegalOpcode, "an indirect branch to what is no branch target (ILL_ILLOPC)", frame,
            at: instruction)
    case 0x26:
        noteException(syndrome)
        raise(.busError, .invalidAlignment, "misaligned stack pointer (BUS_ADRALN)", frame, at: frame.value.sp_el0)
    case 0x28, 0x2C:
        raise(.floatingPointException, .kernel, "floating-point exception", frame, at: instruction)
    case 0x30, 0x32, 0x34, 0x38, 0x3C:
        raise(.trap, .breakpoint, "breakpoint or trap", frame, at: instruction)
    default:
        noteException(syndrome.isUndefinedInstruction ? nil : syndrome)
        raise(
            .illegalInstruction, .illegalOpcode, "an instruction that programs may not use", frame, at: instruction)
    }
}

/// Why an exception was taken: ESR_EL1, read once at entry.
struct ExceptionSyndrome {
    let value: UInt64

    init(_ value: UInt64) { self.value = value }

    /// EC, bits 31:26.
    var exceptionClass: UInt64 { value >> 26 & 0x3F }

    /// DFSC or IFSC, bits 5:0.
    private var status: UInt64 { value & 0x3F }

    /// The fault is one that the translation tables decide: translation (0b0001xx), access flag (0b0010xx) or permission
    /// (0b0011xx), or an address size (0b0000xx).
    private var isTableFault: Bool { status < 0x10 }

    var isAlignmentFault: Bool { status == 0x21 }

    /// An undefined instruction, or one that is off: of system registers, SVE or SME.
    var isUndefinedInstruction: Bool {
        switch exceptionClass {
        case 0x00, 0x18, 0x19, 0x1D: true
        default: false
        }
    }

    /// What a program is told of its access to `address`: where the kernel is only what it did, as if nothing were mapped
    /// there (arch/arm64/mm/fault.c, set_thread_esr).
    func told(of address: VirtualAddress) -> UInt64 {
        let layout = AddressSpaceLayout.standard
        if address < layout.low.end || layout.high.start <= address && address < layout.high.end { return value }
        // EC and IL, and of a data abort CM and WnR; a translation fault of level 0.
        let kept: UInt64 = 0x7F << 25 | (exceptionClass == 0x24 ? 1 << 8 | 1 << 6 : 0)
        return value & kept | 0b00_0100
    }

    /// WnR, bit 6; not set for cache maintenance (CM, bit 8), which needs no right to write (LESSONS: Linux,
    /// arch/arm64/mm/fault.c, is_write_abort).
    private var isWrite: Bool { value & (1 << 6) != 0 && value & (1 << 8) == 0 }

    /// The access of a program that the tables refused; nil for any other exception.
    var userAbort: Access? {
        guard isTableFault else { return nil }
        switch exceptionClass {
        case 0x24: return isWrite ? .write : .read
        case 0x20: return .execute
        default: return nil
        }
    }

    /// The access of a user-copy routine that the tables refused; nil for any other exception.
    var kernelAbort: Access? {
        guard isTableFault, exceptionClass == 0x25 else { return nil }
        return isWrite ? .write : .read
    }
}

/// Has the memory model resolve a fault of the running process.
@inline(__always)
private func resolveFault(at address: UInt64, _ access: Access) throws(FaultError) {
    let process = Process.current
    let space = process.value.memory
    let address = VirtualAddress(address).untagged
    let outcome = try kernel.frames.withLock { (frames) throws(FaultError) in
        try space.value.memory.resolveFault(at: address, access: access, frames: &frames)
    }
    if outcome == .pageFetched { process.value.faults.major &+= 1 } else { process.value.faults.minor &+= 1 }
    if kernel.options.logsMemory { logFault(outcome, at: address) }
}
