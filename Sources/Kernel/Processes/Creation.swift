import LinuxABI
import Machine
import MachineAssembly
import MemoryModel

/// Makes a thread that goes out to EL0 with the registers of `registers`, and puts it in line.
///
/// - Throws: ENOMEM; nothing is changed then.
func makeThread(
    of process: Handle<Process>, registers: TrapFrame, threadPointer: UInt64
) throws(Errno) -> Handle<Thread> {
    let stack = try kernel.stacks.make()
    let frame = Machine.Thread.trapFrame(stackEnd: stack.end)
    frame.value = registers
    var context = Context.new(stackEnd: stack.end, argument: 0)
    context.tpidr_el0 = threadPointer
    do throws(Errno) {
        let thread = try kernel.threads.make(
            Thread(context: context, stack: stack, id: process.value.id, process: process))
        process.value.thread = thread
        return thread
    } catch {
        kernel.stacks.destroy(stack)
        throw error
    }
}

/// Puts a new thread in line.
func start(_ thread: Handle<Thread>) {
    kernel.scheduler.withLock { $0.append(thread) }
    updateTimer()
}

/// A new thread's first code: what a switch to it leaves to be done.
@c(akuma_thread_start)
public func threadStart(_ argument: UInt64) {
    finishSwitch()
    if Thread.current.value.process == kernel.firstProcess { reportBootTime() }
}

/// Logs how long the way from the kernel's entry to a program was. Under `-icount shift=0` a nanosecond is an instruction,
/// which makes the number one.
private func reportBootTime() {
    let time = kernel.clock.nanoseconds(ofTicks: Timer.now &- Boot.entryTime)
    if kernel.options.countsInstructions {
        Console.log("boot: first user instruction after \(time) instructions")
    } else {
        Console.log("boot: first user instruction after \(time) ns")
    }
}

/// Frees what is left of a thread that has ended. It runs nowhere.
func destroyThread(_ thread: Handle<Thread>) {
    kernel.stacks.destroy(thread.value.stack)
    kernel.threads.destroy(thread)
}

/// `clone`, as far as `posix_spawn` and `vfork` need it: a child that borrows its parent's memory until it executes
/// another program or ends, while the parent waits.
func clone(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = CloneFlags(rawValue: call.first)
    guard flags.exitSignal <= Signal.last.rawValue else { throw .invalidArgument }
    // Threads and copies of memory come with the complete memory model; what is asked for now is refused, not faked.
    let known: CloneFlags =
        .memory | .vfork | .untraced | .detached | .parentSetTID | .childSetTID | .childClearTID | .setTLS | .files
    let asked = CloneFlags(rawValue: flags.rawValue & ~0xFF)
    guard flags.contains(.memory | .vfork), asked.subtracting(known).isEmpty else {
        Console.log("calls: clone with flags \(hex: flags.rawValue) is not supported yet")
        throw .noFunction
    }

    let parent = Process.current
    let child = try makeChild(of: parent, sharesFiles: flags.contains(.files))
    child.value.exitSignal = flags.exitSignal

    var registers = call.frame.value
    registers.x0 = 0
    if call.second != 0 { registers.sp_el0 = call.second }
    let threadPointer = flags.contains(.setTLS) ? call.fourth : Machine.Thread.threadPointer
    let thread: Handle<Thread>
    do throws(Errno) {
        thread = try makeThread(of: child, registers: registers, threadPointer: threadPointer)
    } catch {
        discard(child)
        throw error
    }
    Machine.Thread.saveVectors(to: thread.context)
    thread.value.blockedSignals = Thread.current.value.blockedSignals
    let id = child.value.id
    // A bad address for the child's number is not an error (kernel/fork.c).
    if flags.contains(.parentSetTID) { try? UserPointer(call.third).store(UInt32(id)) }
    if flags.contains(.childSetTID) { try? UserPointer(call.fifth).store(UInt32(id)) }
    if flags.contains(.childClearTID) { thread.value.clearChildID = call.fifth }

    child.value.holdsParent = true
    start(thread)
    // Signals wait: the child runs on the parent's memory (clone(2)).
    waitUninterrupted(on: .release(of: child)) { !child.value.holdsParent }
    return UInt64(id)
}

/// Makes a process without a thread, that shares its parent's address space.
private func makeChild(of parent: Handle<Process>, sharesFiles: Bool) throws(Errno) -> Handle<Process> {
    let files: Handle<FileTable>
    if sharesFiles {
        files = parent.value.openFiles
        files.value.users += 1
    } else {
        files = try kernel.fileTables.make(parent.value.openFiles.value.copy())
    }
    let child: Handle<Process>
    var actions: Handle<SignalActions>?
    do throws(Errno) {
        if let own = parent.value.signalActions { actions = try kernel.signalActions.make(own.value.copy()) }
        child = try kernel.processPool.make(
            Process(
                id: kernel.processes.makeID(), parent: parent, program: parent.value.program,
                workingDirectory: parent.value.workingDirectory))
    } catch {
        release(files)
        if let actions { kernel.signalActions.destroy(actions) }
        throw error
    }
    child.value.files = files
    child.value.signalActions = actions
    child.value.fileCreationMask = parent.value.fileCreationMask
    let space = parent.value.memory
    space.value.users += 1
    child.value.space = space
    kernel.processes.insert(child)
    child.value.nextSibling = parent.value.firstChild
    parent.value.firstChild = child
    return child
}

/// Takes back a process that never ran.
private func discard(_ child: Handle<Process>) {
    if let space = child.value.space { releaseSpace(space) }
    if let files = child.value.files { release(files) }
    if let actions = child.value.signalActions { kernel.signalActions.destroy(actions) }
    if let parent = child.value.parent { removeChild(child, of: parent) }
    kernel.processes.remove(child)
    kernel.processPool.destroy(child)
}
