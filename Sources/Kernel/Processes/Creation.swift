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
    let stack = try kernel.window.makeStack()
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
        kernel.window.destroy(stack)
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
    let thread = Thread.current
    // CLONE_CHILD_SETTID: in the child's own memory, so the child stores it (kernel/sched/core.c, schedule_tail).
    if thread.value.setChildID != 0 { try? UserPointer(thread.value.setChildID).store(UInt32(thread.value.id)) }
    if thread.value.process == kernel.firstProcess { reportBootTime() }
    // What was sent meanwhile comes before the first instruction (kernel/entry/common.c, exit_to_user_mode_loop).
    if thread.value.hasActionableSignal { actOnSignals(Machine.Thread.trapFrame(stackEnd: thread.value.stack.end)) }
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
    kernel.window.destroy(thread.value.stack)
    kernel.threads.destroy(thread)
}
