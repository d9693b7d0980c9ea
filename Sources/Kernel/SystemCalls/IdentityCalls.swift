import LinuxABI
import Machine
import MemoryModel

/// The group and session of every process: there is one of each, named after the first process.
var processGroupID: Int32 { 1 }

func processGroup(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let id = call.first.asInt32
    guard id == 0 || kernel.processes.process(id) != nil else { throw .noSuchProcess }
    return UInt64(processGroupID)
}

/// `prctl`: the thread's name has 16 bytes with its NUL (include/uapi/linux/prctl.h).
func controlProcess(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let thread = Thread.current
    switch try ProcessControl.checked(call.first.asUInt32) {
    case .setName:
        var name = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<15 {
            let byte = try UserPointer(call.second &+ UInt64(index)).load(UInt8(0))
            if byte == 0 { break }
            name[index] = byte
        }
        thread.value.name = name
        return 0
    case .getName:
        try UserPointer(call.second).store(thread.value.name)
        return 0
    // No page is ever huge, so the flag is kept for those who ask.
    case .setThpDisable:
        guard call.third == 0, call.fourth == 0, call.fifth == 0 else { throw .invalidArgument }
        Process.current.value.refusesHugePages = call.second != 0
        return 0
    case .getThpDisable:
        guard call.second == 0, call.third == 0, call.fourth == 0, call.fifth == 0 else { throw .invalidArgument }
        return Process.current.value.refusesHugePages ? 1 : 0
    case .setVma:
        _ = try MappingAttribute.checked(call.second)
        try nameMemory(call)
        return 0
    default:
        fatalError("an option of prctl that is honoured is not obeyed")
    }
}

func systemName(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    var name = SystemName()
    // Programs ask for Linux's name and release to learn what they may call; the version says who answers.
    fill(&name.system, with: "Linux")
    fill(&name.node, with: "akuma")
    // The release that override_release makes of ours (kernel/sys.c).
    let isOld = Process.current.value.personality.contains(.oldRelease)
    fill(&name.release, with: isOld ? "2.6.61-akuma" : "6.1.0-akuma")
    fill(&name.version, with: "Akuma 1")
    fill(&name.machine, with: "aarch64")
    fill(&name.domain, with: "(none)")
    try UserPointer(call.first).store(name)
    return 0
}

private func fill(_ field: inout InlineArray<65, UInt8>, with text: StaticString) {
    var index = 0
    text.forEachByte { byte in
        field[index] = byte
        index += 1
    }
}

func resourceUsage(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let ticks: UInt64
    let faults: FaultCounts
    // RUSAGE_SELF 0, RUSAGE_CHILDREN −1, RUSAGE_THREAD 1 (include/uapi/linux/resource.h).
    switch call.first.asInt32 {
    case 0, 1:
        ticks = Thread.current.value.ticksRun
        faults = Process.current.value.faults
    case -1:
        ticks = Process.current.value.childTicks
        faults = Process.current.value.childFaults
    default: throw .invalidArgument
    }
    try UserPointer(call.second).store(kernel.clock.resourceUsage(ofTicks: ticks, faults))
    return 0
}

extension Clock {
    /// A usage record that tells time and faults. User and system time are not told apart: all of it counts as the
    /// program's.
    func resourceUsage(ofTicks ticks: UInt64, _ faults: FaultCounts) -> ResourceUsage {
        var usage = ResourceUsage()
        usage.minorFaults = Int64(truncatingIfNeeded: faults.minor)
        usage.majorFaults = Int64(truncatingIfNeeded: faults.major)
        let nanoseconds = nanoseconds(ofTicks: ticks)
        usage.userTime.seconds = Int64(nanoseconds / 1_000_000_000)
        usage.userTime.microseconds = Int64(nanoseconds % 1_000_000_000 / 1000)
        return usage
    }
}

func systemInformation(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    var information = SystemInformation()
    information.uptime = Int64(kernel.clock.nanosecondsSinceBoot / 1_000_000_000)
    let (free, total) = kernel.frames.withLock { ($0.freeFrames, $0.totalFrames) }
    information.totalMemory = ByteCount.pages(total).rawValue
    information.freeMemory = ByteCount.pages(free).rawValue
    information.processCount = UInt16(truncatingIfNeeded: kernel.processes.count)
    // Bytes, as long as they fit (kernel/sys.c, do_sysinfo).
    information.unit = 1
    try UserPointer(call.first).store(information)
    return 0
}

func setClearChildID(_ call: SystemCallArguments) -> UInt64 {
    Thread.current.value.clearChildID = call.first
    return UInt64(Thread.current.value.id)
}

/// The list is looked at when a thread ends while others of its memory go on. A process has one thread, so the kernel
/// keeps nothing; a wrong size is refused as by Linux (kernel/futex/syscalls.c).
func setRobustList(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.second == 24 else { throw .invalidArgument }
    return 0
}

func yieldProcessor() -> UInt64 {
    reschedule()
    return 0
}

/// One CPU, so a mask of one bit in one word.
func processorAffinity(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let id = call.first.asInt32
    guard id == 0 || kernel.processes.process(id) != nil else { throw .noSuchProcess }
    guard call.second >= 8, call.second % 8 == 0 else { throw .invalidArgument }
    try UserPointer(call.third).store(UInt64(1))
    return 8
}

/// `futex`: with one thread a process nobody else could wake a waiter or be woken, so waiting only ever times out.
func futex(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    // FUTEX_PRIVATE_FLAG 128, FUTEX_CLOCK_REALTIME 256 (include/uapi/linux/futex.h).
    guard call.first % 4 == 0 else { throw .invalidArgument }
    switch FutexOperation(rawValue: call.second.asUInt32 & 0x7F) {
    case .wait:
        guard try UserPointer(call.first).load(UInt32(0)) == call.third.asUInt32 else {
            throw .resourceTemporarilyUnavailable
        }
        var deadline: UInt64?
        if call.fourth != 0 {
            guard let duration = try UserPointer(call.fourth).load(TimeSpecification()).checkedNanoseconds else {
                throw .invalidArgument
            }
            deadline = kernel.clock.deadline(after: duration)
        }
        let outcome = wait(on: .nothing, until: deadline) { false }
        throw outcome == .timedOut ? .timedOut : .interrupted
    case .wake, .wakeBitset:
        _ = try UserPointer(call.first).load(UInt32(0))
        return 0
    default:
        throw .noFunction
    }
}

/// `personality` (kernel/exec_domain.c; arch/arm64/kernel/sys.c for the domain of 32 bits).
/// - Returns: the personality before; all ones only ask for it.
func setPersonality(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let process = Process.current
    let old = process.value.personality
    let wanted = Personality(rawValue: call.first.asUInt32)
    _ = try ExecutionDomain.checked(wanted.domain)
    _ = try wanted.checked()
    if wanted.rawValue != .max { process.value.personality = wanted }
    return UInt64(old.rawValue)
}
