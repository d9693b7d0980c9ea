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
    let frame = unsafe Handle<TrapFrame>(unsafeAddress: frameAddress)
    let number = frame.value.x8
    do throws(Errno) {
        frame.value.x0 = try dispatch(number, SystemCallArguments(frame: frame))
    } catch {
        finishFailedCall(number, error, frame)
        return
    }
    finishCall(number, frame, restart: nil)
}

/// What comes after every call.
@inline(__always)
private func finishCall(_ number: UInt64, _ frame: Handle<TrapFrame>, restart: UInt64?) {
    if kernel.options.logsCalls { logCall(number, frame.value.x0) }
    if Thread.current.value.hasActionableSignal { actOnSignals(frame, restart: restart) }
}

/// Gives a call that failed its error, or makes it again.
@inline(never)
private func finishFailedCall(_ failedNumber: UInt64, _ failure: Errno, _ frame: Handle<TrapFrame>) {
    var number = failedNumber
    var error = failure
    // A call that found no frame has changed nothing: it is made again where the page cache has one to give.
    while error == .anotherCall || (error == .noMemory && reclaimMemoryIfShort()) {
        if error == .anotherCall { number = frame.value.x8 }
        do throws(Errno) {
            frame.value.x0 = try dispatch(number, SystemCallArguments(frame: frame))
        } catch let another {
            error = another
            continue
        }
        finishCall(number, frame, restart: nil)
        return
    }
    let restart = error == .interrupted && isRestartable(number) ? frame.value.x0 : nil
    frame.value.x0 = UInt64(result: -Int64(error.rawValue))
    finishCall(number, frame, restart: restart)
}

/// Whether a call that a signal interrupted is made again where the signal's action asks for that (signal(7),
/// "Interruption of system calls").
private func isRestartable(_ number: UInt64) -> Bool {
    switch SystemCallNumber(rawValue: number) {
    case .read, .readv, .write, .writev, .wait4, .futex: true
    default: false
    }
}

/// The number of a call that the table of `LinuxABI` says is honoured; another one's matches nothing. A constant each,
/// so that the dispatcher takes one jump, where making the enumeration's case first would take two.
private struct HonouredCall {
    let number: UInt64?

    @inline(__always)
    static func ~= (call: HonouredCall, number: UInt64) -> Bool { call.number == number }
}

@inline(__always)
private func honoured(_ call: SystemCallNumber) -> HonouredCall {
    HonouredCall(number: call.treatment.isHonoured ? call.rawValue : nil)
}

/// Makes each call that is honoured. Every other number fails as its table says, and is named in the log.
private func dispatch(_ number: UInt64, _ call: SystemCallArguments) throws(Errno) -> UInt64 {
    switch number {
    // Memory
    case honoured(.mmap): try mapMemory(call)
    case honoured(.munmap): try unmapMemory(call)
    case honoured(.mprotect): try protectMemory(call)
    case honoured(.brk): setProgramBreak(call)
    case honoured(.madvise): try adviseMemory(call)
    case honoured(.msync): try synchronizeMemory(call)
    case honoured(.mincore): try residency(call)
    case honoured(.mremap): try remapMemory(call)
    case honoured(.remapFilePages): try remapFilePages(call)
    case honoured(.mlock): try lockMemory(call, flags: 0)
    case honoured(.mlock2): try lockMemory(call, flags: call.third.asUInt32)
    case honoured(.munlock): try unlockMemory(call)
    case honoured(.mlockall): try lockAllMemory(call)
    case honoured(.munlockall): try unlockAllMemory(call)
    case honoured(.mseal): try sealMemory(call)
    case honoured(.pidfdOpen): try openProcessDescriptor(call)
    case honoured(.processMadvise): try adviseProcessMemory(call)
    case honoured(.processMrelease): try releaseProcessMemory(call)
    case honoured(.processVmReadv): try moveProcessMemory(call, .fromOther)
    case honoured(.processVmWritev): try moveProcessMemory(call, .toOther)

    // Files
    case honoured(.read): try read(call)
    case honoured(.write): try write(call)
    case honoured(.readv): try readScattered(call)
    case honoured(.writev): try writeGathered(call)
    case honoured(.pread64): try readAtOffset(call)
    case honoured(.pwrite64): try writeAtOffset(call)
    case honoured(.openat): try openFile(call)
    case honoured(.close): try closeFile(call)
    case honoured(.lseek): try seek(call)
    case honoured(.newfstatat): try fileStatusAtPath(call)
    case honoured(.fstat): try fileStatus(call)
    case honoured(.getdents64): try readDirectory(call)
    case honoured(.readlinkat): try readLink(call)
    case honoured(.faccessat): try checkAccess(call, flags: 0)
    case honoured(.faccessat2): try checkAccess(call, flags: call.fourth.asUInt32)
    case honoured(.getcwd): try workingDirectory(call)
    case honoured(.chdir): try changeDirectory(call)
    case honoured(.pipe2): try makePipe(call)
    case honoured(.dup): try duplicate(call)
    case honoured(.dup3): try duplicateTo(call)
    case honoured(.fcntl): try controlFile(call)
    case honoured(.ioctl): try controlDevice(call)
    case honoured(.ppoll): try poll(call)
    case honoured(.umask): setFileCreationMask(call)
    case honoured(.preadv): try readScatteredAtOffset(call)
    case honoured(.pwritev): try writeGatheredAtOffset(call)
    case honoured(.preadv2):
        try checkedTransfer(call, atPosition: readScattered, atOffset: readScatteredAtOffset)
    case honoured(.pwritev2):
        try checkedTransfer(call, atPosition: writeGathered, atOffset: writeGatheredAtOffset)
    case honoured(.statx): try extendedStatus(call)
    case honoured(.statfs): try fileSystemStatusAtPath(call)
    case honoured(.fstatfs): try fileSystemStatus(call)
    case honoured(.truncate): try truncate(call)
    case honoured(.ftruncate): try truncateFile(call)
    case honoured(.fallocate): try allocateRoom(call)
    case honoured(.fsync): try synchronizeFile(call)
    case honoured(.fdatasync): try synchronizeFile(call)
    case honoured(.syncfs): try synchronizeFileSystem(call)
    // What is written is where it stays.
    case honoured(.sync): 0
    case honoured(.fchdir): try changeDirectoryToFile(call)
    case honoured(.mkdirat): try makeDirectory(call)
    case honoured(.mknodat): try makeNode(call)
    case honoured(.symlinkat): try makeSymbolicLink(call)
    case honoured(.linkat): try makeHardLink(call)
    case honoured(.unlinkat): try removeFile(call)
    case honoured(.renameat): try rename(call, .none)
    case honoured(.renameat2): try rename(call, RenameFlags(rawValue: call.fifth.asUInt32))
    case honoured(.fchmod): try changeMode(call)
    case honoured(.fchmodat): try changeModeAtPath(call)
    case honoured(.fchown): try changeOwner(call)
    case honoured(.fchownat): try changeOwnerAtPath(call)
    case honoured(.utimensat): try setTimes(call)
    case honoured(.memfdCreate): try makeMemoryFile(call)

    // Processes
    case honoured(.exit): endProcess(.init(exited: UInt8(truncatingIfNeeded: call.first)))
    case honoured(.exitGroup): endProcess(.init(exited: UInt8(truncatingIfNeeded: call.first)))
    case honoured(.clone): try clone(call)
    case honoured(.execve): try execute(call)
    case honoured(.wait4): try waitForChild(call)
    case honoured(.setTidAddress): setClearChildID(call)
    case honoured(.setRobustList): try setRobustList(call)
    case honoured(.schedYield): yieldProcessor()
    case honoured(.schedGetaffinity): try processorAffinity(call)

    // Signals
    case honoured(.kill): try sendSignal(toProcess: call.first.asInt32, signal: call.second)
    case honoured(.tkill): try sendSignal(toThread: call.first.asInt32, of: nil, signal: call.second)
    case honoured(.tgkill):
        try sendSignal(toThread: call.second.asInt32, of: call.first.asInt32, signal: call.third)
    case honoured(.rtSigaction): try setSignalAction(call)
    case honoured(.rtSigprocmask): try changeSignalMask(call)
    case honoured(.sigaltstack): try setSignalStack(call)
    case honoured(.rtSigreturn): returnFromSignalCall(call)

    // Identity and limits
    case honoured(.getpid): UInt64(Process.current.value.id)
    case honoured(.getppid): UInt64(Process.current.value.parent?.value.id ?? 0)
    case honoured(.gettid): UInt64(Thread.current.value.id)
    case honoured(.getuid), honoured(.geteuid), honoured(.getgid), honoured(.getegid): 0
    case honoured(.getpgid), honoured(.getsid): try processGroup(call)
    case honoured(.prctl): try controlProcess(call)
    case honoured(.uname): try systemName(call)
    case honoured(.personality): try setPersonality(call)
    case honoured(.getrlimit): try resourceLimit(call)
    case honoured(.setrlimit): try setResourceLimit(call)
    case honoured(.prlimit64): try resourceLimits(call)
    case honoured(.getrusage): try resourceUsage(call)
    case honoured(.sysinfo): try systemInformation(call)

    // Time and chance
    case honoured(.clockGettime): try clockTime(call)
    case honoured(.clockGetres): try clockResolution(call)
    case honoured(.gettimeofday): try timeOfDay(call)
    case honoured(.nanosleep): try sleep(call)
    case honoured(.clockNanosleep): try sleepOnClock(call)
    case honoured(.getrandom): try randomBytes(call)
    case honoured(.futex): try futex(call)

    // Akuma's debugging interface
    case honoured(.akumaTranslate): try translateAddress(call)
    case honoured(.akumaLayout): try memoryLayout(call)
    case honoured(.akumaCheck): try checkMemory(call)
    case honoured(.akumaFrames): try countFrames(call)
    case honoured(.akumaShortage): try makeCallShortOfFrames(call)

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

/// The error of a call that is not honoured, after a line in the log.
@inline(never)
private func unknownCall(_ number: UInt64) throws(Errno) -> UInt64 {
    let call = SystemCallNumber(rawValue: number)
    let error = (call?.treatment ?? SystemCallNumber.unknownValue).error ?? .noFunction
    Console.log(
        "calls: pid \(Int(Process.current.value.id)): \(error.name) for system call \(number), \(call?.name ?? "unknown")"
    )
    throw error
}
