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
            deliver(signal, thread.value.information(of: signal), action, frame)
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
    deliver(signal, information, action, frame)
}

/// Puts a frame on the program's stack, and has the program go on in its handler.
private func deliver(
    _ signal: Signal, _ information: SignalInformation, _ action: SignalAction, _ frame: Handle<TrapFrame>
) {
    let thread = Thread.current
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
        endProcess(for: .segmentationFault, "there is no room on the stack for a signal", frame)
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
    if action.flags & SignalActionFlags.resetHandler != 0 {
        thread.value.process.value.signalActions?.value[signal] = SignalAction()
    }
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
        scratch.value.context.faultAddress = frame.value.far.withoutTag
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
/// asks for is checked: a program goes on at EL0, and with no more than it may have.
func returnFromSignal(_ frame: Handle<TrapFrame>) {
    do throws(Errno) {
        try restoreFrame(from: frame.value.sp_el0, to: frame)
    } catch {
        endProcess(for: .segmentationFault, "the signal frame to return to is damaged", frame)
    }
}

private func restoreFrame(from place: UInt64, to frame: Handle<TrapFrame>) throws(Errno) {
    guard place % 16 == 0 else { throw .badAddress }
    let thread = Thread.current
    try withNeededScratch(SignalFrame.self, for: place) { (scratch) throws(Errno) in
        let size = UInt64(MemoryLayout<SignalFrame>.size)
        guard UserMemory.copyIn(from: place, toKernel: scratch.address, count: size) == 0 else { throw .badAddress }
        guard scratch.value.vectors.magic == VectorRecord.magicNumber, scratch.value.vectors.size == 528 else {
            throw .invalidArgument
        }
        for number in 0..<31 { frame.value[register: number] = scratch.value.context.registers[number] }
        frame.value.sp_el0 = scratch.value.context.stackPointer
        frame.value.elr = scratch.value.context.programCounter
        // NZCV, DIT, SSBS and BTYPE; EL0, 64-bit, nothing masked (arch/arm64/kernel/ptrace.c, valid_native_regs).
        frame.value.spsr = scratch.value.context.processorState & (0xF << 28 | 1 << 24 | 1 << 12 | 3 << 10)
        thread.context.value.fpsr = UInt64(scratch.value.vectors.statusRegister)
        thread.context.value.fpcr = UInt64(scratch.value.vectors.controlRegister)
        let vectors = Machine.Thread.vectorArea(of: thread.context)
        for index in 0..<64 { PhysicalWord.store(scratch.value.vectors.vectors[index], at: vectors + UInt64(index) * 8) }
        Machine.Thread.loadVectors(from: thread.context)
        thread.value.blockedSignals = SignalSet(bits: scratch.value.mask).subtracting(.unblockable)
        let stack = scratch.value.stack
        if stack.flags == 0 || stack.flags == SignalStack.disabled { thread.value.signalStack = stack }
    }
}

extension UInt64 {
    /// A program's address without its tag; an address of the upper half as it is (arch/arm64, untagged_addr).
    fileprivate var withoutTag: UInt64 { self & VirtualAddress(self).untagged.rawValue }
}
