import LinuxABI
import Machine
import MachineAssembly

/// What a program asks for: the call's arguments, `x0`–`x5` of its trap frame.
struct SystemCallArguments {
    let frame: Handle<TrapFrame>

    @inline(__always) var first: UInt64 { frame.value.x0 }
    @inline(__always) var second: UInt64 { frame.value.x1 }
    @inline(__always) var third: UInt64 { frame.value.x2 }
    @inline(__always) var fourth: UInt64 { frame.value.x3 }
    @inline(__always) var fifth: UInt64 { frame.value.x4 }
    @inline(__always) var sixth: UInt64 { frame.value.x5 }
}

extension UInt64 {
    /// An argument of C's `int`: the upper half of the register is not part of it.
    @inline(__always) var asInt32: Int32 { Int32(truncatingIfNeeded: self) }
    /// An argument of C's `unsigned int`.
    @inline(__always) var asUInt32: UInt32 { UInt32(truncatingIfNeeded: self) }
    /// A signed result as it stands in `x0`.
    @inline(__always) init(result: Int64) { self = UInt64(bitPattern: result) }
}

/// The vectors come here for `svc #0` from EL0: number in `x8`, result or `-errno` in `x0`.
@c(akuma_system_call)
public func systemCallEntry(_ frameAddress: UInt64) {
    let frame = Handle<TrapFrame>(unsafeAddress: frameAddress)
    let number = frame.value.x8
    var restart: UInt64?
    do throws(Errno) {
        frame.value.x0 = try dispatch(number, SystemCallArguments(frame: frame))
    } catch {
        if error == .interrupted && isRestartable(number) { restart = frame.value.x0 }
        frame.value.x0 = UInt64(result: -Int64(error.rawValue))
    }
    if kernel.options.logsCalls { logCall(number, frame.value.x0) }
    if Thread.current.value.hasActionableSignal { actOnSignals(frame, restart: restart) }
}

/// Whether a call that a signal interrupted is made again where the signal's action asks for that (signal(7),
/// "Interruption of system calls").
private func isRestartable(_ number: UInt64) -> Bool {
    switch SystemCallNumber(rawValue: number) {
    case .read, .readv, .write, .writev, .wait4, .futex: true
    default: false
    }
}

/// The cases below are raw values: one jump, where making the enumeration's case first would take two.
private typealias Call = SystemCallNumber

/// The one table of what exists. A number that is not here is ENOSYS, and named in the log.
private func dispatch(_ number: UInt64, _ call: SystemCallArguments) throws(Errno) -> UInt64 {
    switch number {
    // Memory
    case Call.mmap.rawValue: try mapMemory(call)
    case Call.munmap.rawValue: try unmapMemory(call)
    case Call.mprotect.rawValue: try protectMemory(call)
    case Call.brk.rawValue: setProgramBreak(call)
    case Call.madvise.rawValue: try adviseMemory(call)
    case Call.msync.rawValue: try synchronizeMemory(call)
    case Call.mincore.rawValue: try residency(call)

    // Files
    case Call.read.rawValue: try read(call)
    case Call.write.rawValue: try write(call)
    case Call.readv.rawValue: try readScattered(call)
    case Call.writev.rawValue: try writeGathered(call)
    case Call.pread64.rawValue: try readAtOffset(call)
    case Call.pwrite64.rawValue: try writeAtOffset(call)
    case Call.openat.rawValue: try openFile(call)
    case Call.close.rawValue: try closeFile(call)
    case Call.lseek.rawValue: try seek(call)
    case Call.newfstatat.rawValue: try fileStatusAtPath(call)
    case Call.fstat.rawValue: try fileStatus(call)
    case Call.getdents64.rawValue: try readDirectory(call)
    case Call.readlinkat.rawValue: try readLink(call)
    case Call.faccessat.rawValue: try checkAccess(call, flags: 0)
    case Call.faccessat2.rawValue: try checkAccess(call, flags: call.fourth.asUInt32)
    case Call.getcwd.rawValue: try workingDirectory(call)
    case Call.chdir.rawValue: try changeDirectory(call)
    case Call.pipe2.rawValue: try makePipe(call)
    case Call.dup.rawValue: try duplicate(call)
    case Call.dup3.rawValue: try duplicateTo(call)
    case Call.fcntl.rawValue: try controlFile(call)
    case Call.ioctl.rawValue: try controlDevice(call)
    case Call.ppoll.rawValue: try poll(call)
    case Call.umask.rawValue: setFileCreationMask(call)

    // Processes
    case Call.exit.rawValue, Call.exitGroup.rawValue: endProcess(.init(exited: UInt8(truncatingIfNeeded: call.first)))
    case Call.clone.rawValue: try clone(call)
    case Call.execve.rawValue: try execute(call)
    case Call.wait4.rawValue: try waitForChild(call)
    case Call.setTidAddress.rawValue: setClearChildID(call)
    case Call.setRobustList.rawValue: try setRobustList(call)
    case Call.schedYield.rawValue: yieldProcessor()
    case Call.schedGetaffinity.rawValue: try processorAffinity(call)

    // Signals
    case Call.kill.rawValue: try sendSignal(toProcess: call.first.asInt32, signal: call.second)
    case Call.tkill.rawValue: try sendSignal(toThread: call.first.asInt32, of: nil, signal: call.second)
    case Call.tgkill.rawValue:
        try sendSignal(toThread: call.second.asInt32, of: call.first.asInt32, signal: call.third)
    case Call.rtSigaction.rawValue: try setSignalAction(call)
    case Call.rtSigprocmask.rawValue: try changeSignalMask(call)
    case Call.sigaltstack.rawValue: try setSignalStack(call)
    case Call.rtSigreturn.rawValue: returnFromSignalCall(call)

    // Identity and limits
    case Call.getpid.rawValue: UInt64(Process.current.value.id)
    case Call.getppid.rawValue: UInt64(Process.current.value.parent?.value.id ?? 0)
    case Call.gettid.rawValue: UInt64(Thread.current.value.id)
    case Call.getuid.rawValue, Call.geteuid.rawValue, Call.getgid.rawValue, Call.getegid.rawValue: 0
    case Call.getpgid.rawValue, Call.getsid.rawValue: try processGroup(call)
    case Call.prctl.rawValue: try controlProcess(call)
    case Call.uname.rawValue: try systemName(call)
    case Call.getrlimit.rawValue: try resourceLimit(call)
    case Call.prlimit64.rawValue: try resourceLimits(call)
    case Call.getrusage.rawValue: try resourceUsage(call)
    case Call.sysinfo.rawValue: try systemInformation(call)

    // Time and chance
    case Call.clockGettime.rawValue: try clockTime(call)
    case Call.clockGetres.rawValue: try clockResolution(call)
    case Call.gettimeofday.rawValue: try timeOfDay(call)
    case Call.nanosleep.rawValue: try sleep(call)
    case Call.clockNanosleep.rawValue: try sleepOnClock(call)
    case Call.getrandom.rawValue: try randomBytes(call)
    case Call.futex.rawValue: try futex(call)

    // Akuma's debugging interface
    case Call.akumaTranslate.rawValue: try translateAddress(call)
    case Call.akumaLayout.rawValue: try memoryLayout(call)
    case Call.akumaCheck.rawValue: try checkMemory(call)
    case Call.akumaFrames.rawValue: try countFrames(call)

    default: try unknownCall(number)
    }
}

/// `rt_sigreturn` has no result: `x0` is the interrupted program's again.
private func returnFromSignalCall(_ call: SystemCallArguments) -> UInt64 {
    returnFromSignal(call.frame)
    return call.frame.value.x0
}

/// Keeps the log's code out of the path of a call.
@inline(never)
private func logCall(_ number: UInt64, _ result: UInt64) {
    let name = SystemCallNumber(rawValue: number)?.name ?? "unknown"
    let process = Int(Process.current.value.id)
    if let error = Errno(result: Int(truncatingIfNeeded: result)) {
        Console.log("calls: pid \(process) \(name) (\(number)) = -\(error.name)")
    } else {
        Console.log("calls: pid \(process) \(name) (\(number)) = \(hex: result)")
    }
}

@inline(never)
private func unknownCall(_ number: UInt64) throws(Errno) -> UInt64 {
    let name = SystemCallNumber(rawValue: number)?.name ?? "unknown"
    Console.log("calls: pid \(Int(Process.current.value.id)): ENOSYS for system call \(number), \(name)")
    throw .noFunction
}
