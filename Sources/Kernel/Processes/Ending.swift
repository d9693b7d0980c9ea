import LinuxABI
import Machine

/// Ends the running process: gives back everything but its status, tells its parent, and never returns.
func endProcess(_ status: WaitStatus) -> Never {
    let process = Process.current
    let thread = Thread.current
    clearChildID(of: thread)
    process.value.status = status
    if let files = process.value.files {
        process.value.files = nil
        release(files)
    }
    if let actions = process.value.signalActions {
        process.value.signalActions = nil
        kernel.signalActions.destroy(actions)
    }
    // From here on the thread runs on the kernel-only address space.
    leaveAddressSpace(of: process)
    process.releaseFiles()
    fileSystem.sweepOrphans()
    process.value.thread = nil
    process.value.name = thread.value.name
    process.value.ownTicks = thread.value.ticksRun
    orphanChildren(of: process)
    process.value.state = .zombie
    if let parent = process.value.parent {
        notify(parent, ofEndOf: process)
    } else {
        endMachine(status)
    }
    thread.value.state = .dead
    reschedule()
    fatalError("a dead thread does not run")
}

/// Gives up the process's address space, and releases the parent of a `CLONE_VFORK` child that borrowed it.
func leaveAddressSpace(of process: Handle<Process>) {
    if let space = process.value.space {
        process.value.space = nil
        install(nil)
        releaseSpace(space)
    }
    releaseParent(of: process)
}

/// Lets the parent of a `CLONE_VFORK` child go on.
func releaseParent(of process: Handle<Process>) {
    guard let parent = process.value.parent, parent.value.holder == process else { return }
    parent.value.holder = nil
    wakeAll(on: .release(of: parent))
}

/// Writes 0 to the address that `set_tid_address` named, unless the memory goes with its only user (kernel/fork.c,
/// mm_release).
func clearChildID(of thread: Handle<Thread>) {
    guard thread.value.clearChildID != 0, thread.value.process.value.memory.value.users > 1 else { return }
    try? UserPointer(thread.value.clearChildID).store(UInt32(0))
}

/// Children of an ended process go to the first process; zombies among them, which nobody will wait for, are removed.
/// Their new parent is told by SIGCHLD, whatever the old one asked for (kernel/exit.c, reparent_leader).
private func orphanChildren(of process: Handle<Process>) {
    while let child = process.value.firstChild {
        process.value.firstChild = child.value.nextSibling
        child.value.nextSibling = nil
        if child.value.state == .zombie {
            child.value.parent = nil
            destroyZombie(child)
        } else if let heir = kernel.firstProcess, heir != process {
            child.value.parent = heir
            child.value.exitSignal = Signal.child.rawValue
            child.value.nextSibling = heir.value.firstChild
            heir.value.firstChild = child
        } else {
            child.value.parent = nil
        }
    }
}

/// Tells a parent of its child's end by the child's signal, and by SIGCHLD where the parent has become another program
/// since. A parent that ignores SIGCHLD, or asked for it with SA_NOCLDWAIT, has nothing to wait for: the child is gone
/// (kernel/signal.c, do_notify_parent).
private func notify(_ parent: Handle<Process>, ofEndOf child: Handle<Process>) {
    let isSameProgram = child.value.parentExecutions == parent.value.executions
    let signal = isSameProgram ? Signal(checking: UInt64(child.value.exitSignal)) : .child
    let action = parent.value.action(of: .child)
    let isIgnored = action.handler == 1
    let isReaped = signal == .child && (isIgnored || action.flags & SignalActionFlags.noChildWait != 0)
    if let signal, !(isReaped && isIgnored) { send(signal, to: parent, SignalOrigin(endOf: child)) }
    if isReaped {
        removeChild(child, of: parent)
        destroyZombie(child)
    }
    wakeAll(onFile: .child(of: parent))
}

/// Removes a child from its parent's list.
func removeChild(_ child: Handle<Process>, of parent: Handle<Process>) {
    if parent.value.firstChild == child {
        parent.value.firstChild = child.value.nextSibling
    } else {
        var previous = parent.value.firstChild
        while let candidate = previous, candidate.value.nextSibling != child {
            previous = candidate.value.nextSibling
        }
        previous?.value.nextSibling = child.value.nextSibling
    }
    child.value.nextSibling = nil
}

private func destroyZombie(_ process: Handle<Process>) {
    kernel.endedFaults = kernel.endedFaults + process.value.faults
    removeProcDirectory(of: process)
    kernel.processes.remove(process)
    kernel.processPool.destroy(process)
}

/// `wait4`.
func waitForChild(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let selector = call.first.asInt32
    let options = WaitOptions(rawValue: call.third.asUInt32)
    let known: WaitOptions = .noHang | .untraced | .continued | .noThread | .all | .clone
    guard options.subtracting(known).isEmpty else { throw .invalidArgument }
    guard selector != .min else { throw .noSuchProcess }

    let parent = Process.current
    while true {
        guard let child = try waitableChild(of: parent, selector, options) else {
            if options.contains(.noHang) { return 0 }
            let outcome = wait(on: .child(of: parent)) {
                (try? waitableChild(of: parent, selector, options)) != .some(.none)
            }
            if outcome == .interrupted { throw .interrupted }
            continue
        }
        let status = child.value.status.rawValue
        let ticks = child.value.ownTicks &+ child.value.childTicks
        let faults = child.value.faults + child.value.childFaults
        let id = child.value.id
        parent.value.childTicks &+= ticks
        parent.value.childFaults = parent.value.childFaults + faults
        removeChild(child, of: parent)
        destroyZombie(child)
        // The child is gone, whether it can be told of or not (kernel/exit.c, kernel_wait4).
        if call.second != 0 { try UserPointer(call.second).store(status) }
        if call.fourth != 0 {
            try UserPointer(call.fourth).store(kernel.clock.resourceUsage(ofTicks: ticks, faults))
        }
        return UInt64(id)
    }
}

/// A zombie that `selector` and `options` mean; nil where those they mean are all alive.
/// - Throws: ECHILD where they mean none.
private func waitableChild(
    of parent: Handle<Process>, _ selector: Int32, _ options: WaitOptions
) throws(Errno) -> Handle<Process>? {
    var meantOne = false
    var candidate = parent.value.firstChild
    while let child = candidate {
        candidate = child.value.nextSibling
        guard isMeant(child, by: selector, options) else { continue }
        meantOne = true
        if child.value.state == .zombie { return child }
    }
    if !meantOne { throw .noChildProcess }
    return nil
}

/// Of a child that tells its end by another signal than SIGCHLD only `__WCLONE` and `__WALL` want to know (kernel/exit.c,
/// eligible_child).
private func isMeant(_ child: Handle<Process>, by selector: Int32, _ options: WaitOptions) -> Bool {
    // Every process is in the group of the first one: 0 and -group mean any child there.
    guard selector == child.value.id || selector == -1 || selector == 0 || selector == -processGroupID else {
        return false
    }
    let isClone = child.value.exitSignal != Signal.child.rawValue
    return options.contains(.all) || isClone == options.contains(.clone)
}
