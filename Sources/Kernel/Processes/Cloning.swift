import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// `clone` for a new process: with a copy of its parent's memory (`fork`), or, for `posix_spawn` and `vfork`, on the
/// parent's own until it executes another program or ends, while the parent waits.
///
/// Threads come later: what is asked for and not here is refused, not faked.
func clone(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = CloneFlags(rawValue: call.first)
    try refuseContradictions(flags)
    // The signal's bits are unknown to the table of flags, which ignores them. One that there is none of is never sent
    // (kernel/signal.c, do_notify_parent).
    _ = try flags.checked()
    // Two processes that run on one memory at the same time are threads in all but name.
    guard !flags.contains(.memory) || flags.contains(.vfork) else { throw .noFunction }

    let child = try makeChild(of: Process.current, flags)
    let thread: Handle<Thread>
    do throws(Errno) {
        thread = try makeChildThread(of: child, call, flags)
    } catch {
        discard(child)
        throw error
    }
    let id = child.value.id
    // A bad address for the child's number is not an error (kernel/fork.c).
    if flags.contains(.parentSetTID) { try? UserPointer(call.third).store(UInt32(id)) }
    if flags.contains(.vfork) { Process.current.value.holder = child }
    start(thread)
    if flags.contains(.vfork) { waitForRelease() }
    return UInt64(id)
}

/// EINVAL for flags that can't go together, before what is not there (kernel/fork.c, kernel_clone and copy_process).
private func refuseContradictions(_ flags: CloneFlags) throws(Errno) {
    func has(_ wanted: CloneFlags) -> Bool { flags.contains(wanted) }
    guard !has(.pidDescriptor | .parentSetTID), !has(.fileSystem | .newNamespace), !has(.fileSystem | .newUsers),
        !has(.thread) || has(.signalHandlers), !has(.signalHandlers) || has(.memory),
        !has(.pidDescriptor | .detached), !has(.pidDescriptor | .thread)
    else { throw .invalidArgument }
}

/// Waits until the child gives back the memory. Signals wait too, since the child may run on the parent's (clone(2)), but
/// for one that ends the parent: then the child goes on alone (kernel/fork.c, wait_for_vfork_done).
private func waitForRelease() {
    let process = Process.current
    waitUnlessKilled(on: .release(of: process)) { process.value.holder == nil }
    process.value.holder = nil
    // What was set meanwhile, by the child too.
    process.value.limits.bind(process.value.memory)
}

/// The child's thread: it goes out to EL0 where its parent made the call, with 0 as the result.
private func makeChildThread(
    of child: Handle<Process>, _ call: SystemCallArguments, _ flags: CloneFlags
) throws(Errno) -> Handle<Thread> {
    var registers = call.frame.value
    registers.x0 = 0
    if call.second != 0 { registers.sp_el0 = call.second }
    let threadPointer = flags.contains(.setTLS) ? call.fourth : Machine.Thread.threadPointer
    let thread = try makeThread(of: child, registers: registers, threadPointer: threadPointer)
    Machine.Thread.saveVectors(to: thread.context)
    thread.value.name = Thread.current.value.name
    thread.value.blockedSignals = Thread.current.value.blockedSignals
    thread.value.lastFault = Thread.current.value.lastFault
    // The copy of the memory has the stack; a borrowed memory has one user of it (kernel/fork.c, sas_ss_reset).
    if !flags.contains(.memory) { thread.value.signalStack = Thread.current.value.signalStack }
    if flags.contains(.childSetTID) { thread.value.setChildID = call.fifth }
    if flags.contains(.childClearTID) { thread.value.clearChildID = call.fifth }
    return thread
}

/// Makes a process without a thread, as `flags` say. Nothing is changed where memory runs out.
private func makeChild(of parent: Handle<Process>, _ flags: CloneFlags) throws(Errno) -> Handle<Process> {
    // Room first: what is copied below holds references, and must not be dropped for want of a slot.
    try kernel.processPool.makeRoom()
    try kernel.fileTables.makeRoom()
    if parent.value.signalActions != nil { try kernel.signalActions.makeRoom() }
    let space = try flags.contains(.memory) ? borrow(parent.value.memory) : copy(parent.value.memory)
    let child = try kernel.processPool.make(
        Process(
            id: kernel.processes.makeID(), parent: parent, program: parent.value.program,
            workingDirectory: parent.value.workingDirectory))
    child.retainFiles()
    child.value.space = space
    child.value.exitSignal = flags.exitSignal
    child.value.parentExecutions = parent.value.executions
    child.value.fileCreationMask = parent.value.fileCreationMask
    child.value.limits = parent.value.limits
    child.value.personality = parent.value.personality
    child.value.refusesHugePages = parent.value.refusesHugePages
    if let actions = parent.value.signalActions {
        child.value.signalActions = try kernel.signalActions.make(actions.value.copy())
    }
    if flags.contains(.files) {
        parent.value.openFiles.value.users += 1
        child.value.files = parent.value.openFiles
    } else {
        child.value.files = try kernel.fileTables.make(parent.value.openFiles.value.copy())
    }
    kernel.processes.insert(child)
    child.value.nextSibling = parent.value.firstChild
    parent.value.firstChild = child
    return child
}

/// One more use of an address space.
private func borrow(_ space: Handle<ProgramSpace>) -> Handle<ProgramSpace> {
    space.value.users += 1
    return space
}

/// A copy of an address space that shares frames and tables until one side changes them.
private func copy(_ space: Handle<ProgramSpace>) throws(Errno) -> Handle<ProgramSpace> {
    if kernel.overcommit == .never { try admit(space.value.memory.accountedPagesOfChild) }
    try kernel.spaces.makeRoom()
    do throws(MapError) {
        let memory = try kernel.frames.withLock { (frames) throws(MapError) in
            try space.value.memory.fork(frames: &frames)
        }
        guard
            let copy = kernel.spaces.place(
                ProgramSpace(
                    memory: memory, text: space.value.text, image: space.value.image, data: space.value.data,
                    refusesWritableAndExecutable: space.value.refusesWritableAndExecutable))
        else { fatalError("there was room for an address space") }
        copy.value.strings = space.value.strings
        return copy
    } catch {
        throw Errno(error)
    }
}

/// Takes back a process that never ran.
private func discard(_ child: Handle<Process>) {
    if let space = child.value.space { releaseSpace(space) }
    if let files = child.value.files { release(files) }
    child.releaseFiles()
    if let actions = child.value.signalActions { kernel.signalActions.destroy(actions) }
    if let parent = child.value.parent { removeChild(child, of: parent) }
    removeProcDirectory(of: child)
    kernel.processes.remove(child)
    kernel.processPool.destroy(child)
}
