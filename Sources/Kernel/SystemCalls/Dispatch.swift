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
        if kernel.options.logsCalls && error != .noFunction { logFailedCall(number, error) }
    }
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

/// The one table of what exists. A number that is not here is ENOSYS, and named in the log.
private func dispatch(_ number: UInt64, _ call: SystemCallArguments) throws(Errno) -> UInt64 {
    switch SystemCallNumber(rawValue: number) {
    // Memory
    case .mmap: try mapMemory(call)
    case .munmap: try unmapMemory(call)
    case .mprotect: try protectMemory(call)
    case .brk: setProgramBreak(call)
    case .madvise: try adviseMemory(call)

    // Files
    case .read: try read(call)
    case .write: try write(call)
    case .readv: try readScattered(call)
    case .writev: try writeGathered(call)
    case .pread64: try readAtOffset(call)
    case .pwrite64: try writeAtOffset(call)
    case .openat: try openFile(call)
    case .close: try closeFile(call)
    case .lseek: try seek(call)
    case .newfstatat: try fileStatusAtPath(call)
    case .fstat: try fileStatus(call)
    case .getdents64: try readDirectory(call)
    case .readlinkat: try readLink(call)
    case .faccessat: try checkAccess(call, flags: 0)
    case .faccessat2: try checkAccess(call, flags: call.fourth.asUInt32)
    case .getcwd: try workingDirectory(call)
    case .chdir: try changeDirectory(call)
    case .pipe2: try makePipe(call)
    case .dup: try duplicate(call)
    case .dup3: try duplicateTo(call)
    case .fcntl: try controlFile(call)
    case .ioctl: try controlDevice(call)
    case .ppoll: try poll(call)
    case .umask: setFileCreationMask(call)

    // Processes
    case .exit, .exitGroup: endProcess(.init(exited: UInt8(truncatingIfNeeded: call.first)))
    case .clone: try clone(call)
    case .execve: try execute(call)
    case .wait4: try waitForChild(call)
    case .setTidAddress: setClearChildID(call)
    case .setRobustList: try setRobustList(call)
    case .schedYield: yieldProcessor()
    case .schedGetaffinity: try processorAffinity(call)

    // Signals
    case .kill: try sendSignal(toProcess: call.first.asInt32, signal: call.second)
    case .tkill: try sendSignal(toThread: call.first.asInt32, of: nil, signal: call.second)
    case .tgkill:
        try sendSignal(toThread: call.second.asInt32, of: call.first.asInt32, signal: call.third)
    case .rtSigaction: try setSignalAction(call)
    case .rtSigprocmask: try changeSignalMask(call)
    case .sigaltstack: try setSignalStack(call)
    case .rtSigreturn: returnFromSignalCall(call)

    // Identity and limits
    case .getpid: UInt64(Process.current.value.id)
    case .getppid: UInt64(Process.current.value.parent?.value.id ?? 0)
    case .gettid: UInt64(Thread.current.value.id)
    case .getuid, .geteuid, .getgid, .getegid: 0
    case .getpgid, .getsid: try processGroup(call)
    case .prctl: try controlProcess(call)
    case .uname: try systemName(call)
    case .getrlimit: try resourceLimit(call)
    case .prlimit64: try resourceLimits(call)
    case .getrusage: try resourceUsage(call)
    case .sysinfo: try systemInformation(call)

    // Time and chance
    case .clockGettime: try clockTime(call)
    case .clockGetres: try clockResolution(call)
    case .gettimeofday: try timeOfDay(call)
    case .nanosleep: try sleep(call)
    case .clockNanosleep: try sleepOnClock(call)
    case .getrandom: try randomBytes(call)
    case .futex: try futex(call)

    // Akuma's debugging interface
    case .akumaTranslate: try translateAddress(call)
    case .akumaLayout: try memoryLayout(call)
    case .akumaCheck: try checkMemory(call)
    case .akumaFrames: try countFrames(call)

    default: try unknownCall(number)
    }
}

/// `rt_sigreturn` has no result: `x0` is the interrupted program's again.
private func returnFromSignalCall(_ call: SystemCallArguments) -> UInt64 {
    returnFromSignal(call.frame)
    return call.frame.value.x0
}

/// Keeps the log's code out of the path of calls that succeed.
@inline(never)
private func logFailedCall(_ number: UInt64, _ error: Errno) {
    let name = SystemCallNumber(rawValue: number)?.name ?? "call"
    Console.log("calls: pid \(Int(Process.current.value.id)) \(name) (\(number)) failed: \(error.name)")
}

@inline(never)
private func unknownCall(_ number: UInt64) throws(Errno) -> UInt64 {
    let name = SystemCallNumber(rawValue: number)?.name ?? "unknown"
    Console.log("calls: pid \(Int(Process.current.value.id)): ENOSYS for system call \(number), \(name)")
    throw .noFunction
}
