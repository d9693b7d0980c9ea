import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// Where a handler without `SA_RESTORER` returns to: an address in the guard above the stack, where nothing is ever
/// mapped. The jump there is an instruction abort, which the kernel takes as `rt_sigreturn`: a trampoline that costs no
/// page in any address space.
var signalReturnAddress: UInt64 { AddressSpaceLayout.standard.stackTop.rawValue }

/// Acts on the pending signals of the running thread, on its way out to EL0.
///
/// - Parameter restart: the first argument of a system call that a signal interrupted and that may be made again.
func actOnSignals(_ frame: Handle<TrapFrame>, restart: UInt64? = nil) {
    let thread = Thread.current
    var restart = restart
    while let signal = thread.value.pendingSignals.subtracting(thread.value.blockedSignals).first {
        thread.value.pendingSignals.remove(signal)
        let action = thread.value.process.value.action(of: signal)
        if action.handler == 1 { continue }
        if action.handler > 1 {
            if let argument = restart, action.flags & SignalActionFlags.restart != 0 { repeatCall(frame, argument) }
            restart = nil
            deliverOrEnd(signal, thread.value.information(of: signal), action, frame)
            continue
        }
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
    // Nobody was told of the interruption, so there was none.
    if let restart { repeatCall(frame, restart) }
}

/// Has the program make its system call again: at the same `svc`, with the same first argument.
private func repeatCall(_ frame: Handle<TrapFrame>, _ firstArgument: UInt64) {
    frame.value.x0 = firstArgument
    frame.value.elr &-= 4
}

/// Tells the running program of what it did: its handler, where it has one that is not blocked, otherwise the end
/// (kernel/signal.c, force_sig_info).
///
/// - Parameter address: what `si_addr` tells, where that is not the address of a fault.
func raise(
    _ signal: Signal, _ code: SignalCode, _ reason: StaticString, _ frame: Handle<TrapFrame>, at address: UInt64? = nil
) {
    let thread = Thread.current
    let action = thread.value.process.value.action(of: signal)
    guard action.handler > 1, !thread.value.blockedSignals.contains(signal) else {
        endProcess(for: signal, reason, frame)
    }
    var information = SignalInformation()
    information.signal = Int32(signal.rawValue)
    information.code = code.rawValue
    // Without a handler's wish to see the tag, it gets the address alone (kernel/signal.c, hide_si_addr_tag_bits).
    let showsTag = action.flags & SignalActionFlags.exposeTagBits != 0 || signal == .trap
    let address = address ?? frame.value.far
    information.value = showsTag ? address : address.withoutTag
    deliverOrEnd(signal, information, action, frame)
}

/// Has the program go on in the handler of `signal`; where there is no room for its frame in that of SIGSEGV, which may
/// have a stack of its own (kernel/signal.c, force_sigsegv).
private func deliverOrEnd(
    _ signal: Signal, _ information: SignalInformation, _ action: SignalAction, _ frame: Handle<TrapFrame>
) {
    if deliver(signal, information, action, frame) { return }
    let thread = Thread.current
    let other = thread.value.process.value.action(of: .segmentationFault)
    var otherInformation = SignalInformation()
    otherInformation.signal = Int32(Signal.segmentationFault.rawValue)
    otherInformation.code = SignalCode.kernel.rawValue
    guard signal != .segmentationFault, other.handler > 1,
        !thread.value.blockedSignals.contains(.segmentationFault),
        deliver(.segmentationFault, otherInformation, other, frame)
    else { endProcess(for: .segmentationFault, "there is no room on the stack for a signal", frame) }
}

/// Puts a frame on the program's stack, and has the program go on in its handler.
/// - Returns: false where there is no room for the frame; the program's registers are what they were.
private func deliver(
    _ signal: Signal, _ information: SignalInformation, _ action: SignalAction, _ frame: Handle<TrapFrame>
) -> Bool {
    let thread = Thread.current
    // With or without room for the frame (kernel/signal.c, get_signal).
    if action.flags & SignalActionFlags.resetHandler != 0 {
        thread.value.process.value.signalActions?.value[signal].handler = 0
    }
    let stack = thread.value.signalStack
    var top = frame.value.sp_el0
    if action.flags & SignalActionFlags.onStack != 0, stack.size > 0, !stack.contains(top) {
        top = stack.base &+ stack.size
    }
    // A frame record for backtraces, then the signal frame; both at multiples of 16.
    let record = (top &- 16) & ~15
    let place = record &- SignalFrame.totalSize
    do throws(Errno) {
        try UserPointer(record).store(frame.value.x29)
        try UserPointer(record &+ 8).store(frame.value.x30)
        try writeFrame(to: place, information, frame)
    } catch {
        return false
    }
    let hasRestorer = action.flags & SignalActionFlags.restorer != 0
    frame.value.x0 = UInt64(signal.rawValue)
    frame.value.x1 = place
    frame.value.x2 = place &+ 128
    frame.value.x29 = record
    frame.value.x30 = hasRestorer ? action.restorer : signalReturnAddress
    frame.value.sp_el0 = place
    frame.value.elr = action.handler
    // The handler begins as if it had been called through a register (BTYPE 0b10), where that is looked at, so it must
    // be a branch target (arch/arm64/kernel/signal.c, setup_return).
    if Processor.identifiesBranchTargets { frame.value.spsr = frame.value.spsr & ~(3 << 10) | 2 << 10 }
    var blocked = SignalSet(bits: thread.value.blockedSignals.bits | action.mask)
    if action.flags & SignalActionFlags.noDefer == 0 { blocked.insert(signal) }
    thread.value.blockedSignals = blocked.subtracting(.unblockable)
    return true
}

private func writeFrame(
    to place: UInt64, _ information: SignalInformation, _ frame: Handle<TrapFrame>
) throws(Errno) {
    let thread = Thread.current
    Machine.Thread.saveVectors(to: thread.context)
    try withNeededScratch(SignalFrame.self, for: place) { (scratch) throws(Errno) in
        scratch.value = SignalFrame()
        scratch.value.information = information
        scratch.value.stack = thread.value.signalStack
        scratch.value.mask = thread.value.blockedSignals.bits
        scratch.value.context.faultAddress = thread.value.lastFault.address
        if thread.value.lastFault.syndrome != 0 { scratch.value.fault = FaultRecord(thread.value.lastFault.syndrome) }
        for number in 0..<31 { scratch.value.context.registers[number] = frame.value[register: number] }
        scratch.value.context.stackPointer = frame.value.sp_el0
        scratch.value.context.programCounter = frame.value.elr
        scratch.value.context.processorState = frame.value.spsr
        scratch.value.vectors.statusRegister = UInt32(truncatingIfNeeded: thread.context.value.fpsr)
        scratch.value.vectors.controlRegister = UInt32(truncatingIfNeeded: thread.context.value.fpcr)
        let vectors = Machine.Thread.vectorArea(of: thread.context)
        for index in 0..<64 { scratch.value.vectors.vectors[index] = PhysicalWord.load(vectors + UInt64(index) * 8) }
        let size = UInt64(MemoryLayout<SignalFrame>.size)
        guard UserMemory.copyOut(fromKernel: scratch.address, to: place, count: size) == 0 else {
            throw .badAddress
        }
    }
}

/// `rt_sigreturn`: takes the frame that the stack pointer is at, and has the program go on as it says. What the frame
/// asks for is checked: a program goes on at EL0, and with no more than it may have. Otherwise it is told of its stack
/// pointer, with what was taken from the frame so far (arch/arm64/kernel/signal.c, rt_sigreturn).
func returnFromSignal(_ frame: Handle<TrapFrame>) {
    do throws(Errno) {
        try restoreFrame(from: frame.value.sp_el0, to: frame)
    } catch {
        frame.value.x0 = 0
        Thread.current.value.lastFault = LastFault()
        // Below some mapping is every address that a program can have (arm64_notify_segfault asks for the next one).
        let isPossible = VirtualAddress(frame.value.sp_el0).untagged < AddressSpaceLayout.standard.high.end
        raise(
            .segmentationFault, isPossible ? .accessNotPermitted : .addressNotMapped,
            "the signal frame to return to is damaged", frame, at: frame.value.sp_el0)
    }
}

private func restoreFrame(from place: UInt64, to frame: Handle<TrapFrame>) throws(Errno) {
    let end = AddressSpaceLayout.standard.high.end.rawValue
    guard place % 16 == 0, place <= end - SignalFrame.totalSize else { throw .badAddress }
    let thread = Thread.current
    try withNeededScratch(SignalFrame.self, for: place) { (scratch) throws(Errno) in
        let size = UInt64(MemoryLayout<SignalFrame>.size)
        let isThere = UserMemory.copyIn(from: place, toKernel: scratch.address, count: size) == 0
        if isThere {
            thread.value.blockedSignals = SignalSet(bits: scratch.value.mask).subtracting(.unblockable)
        } else {
            // What can't be read is 0 (arch/arm64/include/asm/uaccess.h, __get_user_error).
            scratch.value = SignalFrame()
        }
        for number in 0..<31 { frame.value[register: number] = scratch.value.context.registers[number] }
        frame.value.sp_el0 = scratch.value.context.stackPointer
        frame.value.elr = scratch.value.context.programCounter
        frame.value.spsr = try checkedState(scratch.value.context.processorState, frame)
        guard isThere, scratch.value.recordsAreValid else { throw .badAddress }
        thread.context.value.fpsr = UInt64(scratch.value.vectors.statusRegister)
        thread.context.value.fpcr = UInt64(scratch.value.vectors.controlRegister)
        let vectors = Machine.Thread.vectorArea(of: thread.context)
        for index in 0..<64 { PhysicalWord.store(scratch.value.vectors.vectors[index], at: vectors + UInt64(index) * 8) }
        Machine.Thread.loadVectors(from: thread.context)
        // One that sigaltstack would refuse leaves the old one (restore_altstack).
        try? thread.value.setSignalStack(scratch.value.stack, stackPointer: frame.value.sp_el0)
    }
}

/// The processor state that a frame asks for: NZCV, DIT, SSBS and BTYPE.
/// - Throws: EINVAL unless it is of EL0, of 64 bits and with nothing masked; the program has NZCV alone then
///   (arch/arm64/kernel/ptrace.c, valid_native_regs).
private func checkedState(_ state: UInt64, _ frame: Handle<TrapFrame>) throws(Errno) -> UInt64 {
    // M[4:0] and DAIF.
    guard state & (0x1F | 0xF << 6) == 0 else {
        frame.value.spsr = state & 0xF << 28
        throw .invalidArgument
    }
    return state & (0xF << 28 | 1 << 24 | 1 << 12 | 3 << 10)
}

extension SignalFrame {
    /// The vector registers, the fault perhaps, and the end: nothing that the kernel has not written.
    fileprivate var recordsAreValid: Bool {
        guard vectors.magic == VectorRecord.magicNumber, vectors.size == 528 else { return false }
        if fault.magic == FaultRecord.magicNumber && fault.size == 16 { return end == 0 }
        return fault.magic == 0 && fault.size == 0
    }
}

extension UInt64 {
    /// A program's address without its tag; an address of the upper half as it is (arch/arm64, untagged_addr).
    var withoutTag: UInt64 { self & VirtualAddress(self).untagged.rawValue }
}
