import Formats
import LinuxABI
import Machine
import MemoryModel

// status, stat, statm, comm and cmdline of a process (fs/proc/array.c, fs/proc/task_mmu.c, fs/proc/base.c).

/// A process's memory in figures.
private struct MemoryFigures {
    var sizes = MappedSizes()
    var use = PageUse()
    /// Bytes of translation tables, the root apart, as Linux counts them.
    var tables: UInt64 = 0

    /// Looks at the memory of a process that has one. Others have their turn meanwhile, so what was known of the process
    /// is to be looked up again. ESRCH where it has ended.
    init(of node: ProcNode) throws(Errno) {
        var measured: PageUse? = use
        var end = VirtualAddress(0)
        while let run = try node.part(from: end, measuring: &measured).run {
            sizes.add(run)
            end = run.end
        }
        use = measured ?? use
        let space = try node.space()
        tables = kernel.frames.withLock { _ in (space.value.memory.statistics.tables - 1) << Granule.shift }
        space.value.peakSize = max(space.value.peakSize, sizes.total)
        space.value.peakResident = max(space.value.peakResident, use.resident)
    }
}

extension Handle where T == Process {
    /// R, S or Z.
    fileprivate var stateLetter: UInt8 {
        guard let thread = value.thread else { return UInt8(ascii: "Z") }
        return thread.value.state == .ready ? UInt8(ascii: "R") : UInt8(ascii: "S")
    }

    /// The thread's name, ended by a NUL.
    fileprivate var name: InlineArray<16, UInt8> { value.thread?.value.name ?? value.name }

    fileprivate var parentID: Int32 { value.parent?.value.id ?? 0 }

    /// Signals that are ignored, and those that have handlers.
    fileprivate var dispositions: (ignored: UInt64, caught: UInt64) {
        var ignored: UInt64 = 0
        var caught: UInt64 = 0
        guard value.signalActions != nil else { return (0, 0) }
        for number in 1...UInt64(Signal.last.rawValue) {
            guard let signal = Signal(checking: number) else { continue }
            switch value.action(of: signal).handler {
            case 0: break
            case 1: ignored |= 1 << (number - 1)
            default: caught |= 1 << (number - 1)
            }
        }
        return (ignored, caught)
    }

    /// Counter ticks that the process has run.
    fileprivate var ticks: UInt64 {
        guard let thread = value.thread else { return value.ownTicks }
        return thread == Thread.current ? thread.value.ticksRun : thread.value.runTicks
    }
}

extension Clock {
    /// Ticks of the counter in hundredths of a second, the unit of `AT_CLKTCK`.
    func hundredths(ofTicks ticks: UInt64) -> UInt64 { nanoseconds(ofTicks: ticks) / 10_000_000 }
}

extension TextWriter {
    /// A name up to its NUL; newline and backslash are written as `\n` and `\\` where that is asked for.
    fileprivate mutating func write(name: InlineArray<16, UInt8>, escaped: Bool) {
        for index in 0..<16 where name[index] != 0 {
            switch name[index] {
            case UInt8(ascii: "\n") where escaped: write("\\n")
            case UInt8(ascii: "\\") where escaped: write("\\\\")
            default: write(name[index])
            }
        }
    }

    fileprivate mutating func line(_ label: StaticString, hexadecimal number: UInt64) {
        write(label)
        write(hexadecimal: number, width: 16)
        newLine()
    }

    fileprivate mutating func field(_ number: UInt64) {
        write(" ")
        write(number)
    }
}

extension ProcNode {
    func writeName(to writer: inout TextWriter) throws(Errno) {
        writer.write(name: try subject().name, escaped: false)
        writer.newLine()
    }

    func writeStatus(to writer: inout TextWriter) throws(Errno) {
        let figures = try memoryFigures()
        let process = try subject()
        writer.write("Name:\t")
        writer.write(name: process.name, escaped: true)
        writer.write("\nUmask:\t")
        writer.write(octal: UInt64(process.value.fileCreationMask), width: 4)
        writer.write("\nState:\t")
        let state = process.stateLetter
        writer.write(state)
        switch state {
        case UInt8(ascii: "R"): writer.write(" (running)\n")
        case UInt8(ascii: "S"): writer.write(" (sleeping)\n")
        default: writer.write(" (zombie)\n")
        }
        let id = UInt64(process.value.id)
        writer.line("Tgid:\t", id)
        writer.line("Ngid:\t", 0)
        writer.line("Pid:\t", id)
        writer.line("PPid:\t", UInt64(process.parentID))
        writer.line("TracerPid:\t", 0)
        writer.write("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n")
        writer.line("FDSize:\t", process.value.files == nil ? 0 : UInt64(FileTable.capacity))
        writer.write("Groups:\t \n")
        writer.line("NStgid:\t", id)
        writer.line("NSpid:\t", id)
        writer.line("NSpgid:\t", UInt64(processGroupID))
        writer.line("NSsid:\t", UInt64(processGroupID))
        if let figures, let space = process.value.space { write(figures, of: space, to: &writer) }
        writer.line("Threads:\t", 1)
        writeSignals(of: process, to: &writer)
        writePrivileges(to: &writer)
        writer.line("voluntary_ctxt_switches:\t", process.value.thread?.value.voluntarySwitches ?? 0)
        writer.line("nonvoluntary_ctxt_switches:\t", process.value.thread?.value.involuntarySwitches ?? 0)
    }

    /// Figures of the process's memory; nil where it has none any more.
    private func memoryFigures() throws(Errno) -> MemoryFigures? {
        guard try subject().value.space != nil else { return nil }
        return try MemoryFigures(of: self)
    }

    private func write(_ figures: MemoryFigures, of space: Handle<ProgramSpace>, to writer: inout TextWriter) {
        let text = space.value.text.pageCount
        writer.line("VmPeak:\t", pages: space.value.peakSize)
        writer.line("VmSize:\t", pages: figures.sizes.total)
        writer.line("VmLck:\t", pages: figures.sizes.locked)
        writer.line("VmPin:\t", pages: 0)
        writer.line("VmHWM:\t", kibibytes: space.value.peakResident >> 10)
        writer.line("VmRSS:\t", kibibytes: figures.use.resident >> 10)
        writer.line("RssAnon:\t", kibibytes: figures.use.anonymous >> 10)
        writer.line("RssFile:\t", kibibytes: figures.use.file >> 10)
        writer.line("RssShmem:\t", kibibytes: figures.use.sharedMemory >> 10)
        writer.line("VmData:\t", pages: figures.sizes.data)
        writer.line("VmStk:\t", pages: figures.sizes.stack)
        writer.line("VmExe:\t", pages: text)
        writer.line("VmLib:\t", pages: figures.sizes.executable - min(figures.sizes.executable, text))
        writer.line("VmPTE:\t", kibibytes: figures.tables >> 10)
        writer.line("VmSwap:\t", pages: 0)
        writer.line("HugetlbPages:\t", pages: 0)
        writer.write("CoreDumping:\t0\nTHP_enabled:\t0\n")
    }

    private func writeSignals(of process: Handle<Process>, to writer: inout TextWriter) {
        let pending = process.value.thread?.value.pendingSignals.bits ?? 0
        let dispositions = process.dispositions
        writer.write("SigQ:\t")
        writer.write(UInt64(pending.nonzeroBitCount))
        writer.write("/")
        // RLIMIT_SIGPENDING is not set.
        writer.write(UInt64.max)
        writer.newLine()
        // A process has one thread, and what is pending is the thread's.
        writer.line("SigPnd:\t", hexadecimal: pending)
        writer.line("ShdPnd:\t", hexadecimal: 0)
        writer.line("SigBlk:\t", hexadecimal: process.value.thread?.value.blockedSignals.bits ?? 0)
        writer.line("SigIgn:\t", hexadecimal: dispositions.ignored)
        writer.line("SigCgt:\t", hexadecimal: dispositions.caught)
    }

    /// What holds of every process: it is root's, with the capabilities that every program has, on the one CPU.
    private func writePrivileges(to writer: inout TextWriter) {
        writer.line("CapInh:\t", hexadecimal: 0)
        writer.line("CapPrm:\t", hexadecimal: Capability.ofPrograms)
        writer.line("CapEff:\t", hexadecimal: Capability.ofPrograms)
        writer.line("CapBnd:\t", hexadecimal: Capability.ofPrograms)
        writer.line("CapAmb:\t", hexadecimal: 0)
        writer.write("NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n")
        writer.write("Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunknown\n")
        writer.write("Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t0001\nMems_allowed_list:\t0\n")
    }

    func writeMemoryStatistics(to writer: inout TextWriter) throws(Errno) {
        guard let figures = try memoryFigures() else {
            writer.write("0 0 0 0 0 0 0\n")
            return
        }
        let space = try space()
        writer.write(figures.sizes.total)
        writer.field(figures.use.resident >> Granule.shift)
        writer.field((figures.use.file + figures.use.sharedMemory) >> Granule.shift)
        writer.field(space.value.text.pageCount)
        writer.field(0)
        writer.field(figures.sizes.data + figures.sizes.stack)
        writer.field(0)
        writer.newLine()
    }

    /// The 52 fields of proc(5), in its order; what nothing counts is 0, as where Linux keeps no figure.
    func writeStatistics(to writer: inout TextWriter) throws(Errno) {
        let figures = try memoryFigures()
        let process = try subject()
        writer.write(UInt64(process.value.id))
        writer.write(" (")
        writer.write(name: process.name, escaped: false)
        writer.write(") ")
        writer.write(process.stateLetter)
        writer.field(UInt64(process.parentID))
        writer.field(UInt64(processGroupID))
        writer.field(UInt64(processGroupID))
        // No terminal: tty_nr 0, tpgid -1. Then flags.
        writer.write(" 0 -1 0")
        writer.field(process.value.faults.minor)
        writer.field(process.value.childFaults.minor)
        writer.field(process.value.faults.major)
        writer.field(process.value.childFaults.major)
        // All time counts as the program's.
        writer.field(kernel.clock.hundredths(ofTicks: process.ticks))
        writer.write(" 0")
        writer.field(kernel.clock.hundredths(ofTicks: process.value.childTicks))
        // cstime, priority 20, nice 0, one thread, itrealvalue.
        writer.write(" 0 20 0 1 0")
        writer.field(kernel.clock.hundredths(ofTicks: process.value.startTicks))
        writePlaces(of: process, figures, to: &writer)
        // processor, rt_priority, policy, delays, guest times.
        writer.write(" 0 0 0 0 0 0")
        if let space = process.value.space {
            writer.field(space.value.data.start.rawValue)
            writer.field(space.value.data.end.rawValue)
            writer.field(space.value.memory.heapStart.rawValue)
            writer.field(space.value.strings.arguments.rawValue)
            writer.field(space.value.strings.environment.rawValue)
            writer.field(space.value.strings.environment.rawValue)
            writer.field(space.value.strings.end.rawValue)
        } else {
            writer.write(" 0 0 0 0 0 0 0")
        }
        writer.field(process.value.state == .zombie ? UInt64(process.value.status.rawValue) : 0)
        writer.newLine()
    }

    /// From vsize to exit_signal.
    private func writePlaces(of process: Handle<Process>, _ figures: MemoryFigures?, to writer: inout TextWriter) {
        if let figures, let space = process.value.space {
            writer.field(figures.sizes.total << Granule.shift)
            writer.field(figures.use.resident >> Granule.shift)
            writer.field(.max)
            writer.field(space.value.text.start.rawValue)
            writer.field(space.value.text.end.rawValue)
            writer.field(space.value.strings.stackPointer.rawValue)
        } else {
            writer.write(" 0 0 0 0 0 0")
        }
        let dispositions = process.dispositions
        // kstkesp, kstkeip, and 31 signals of each set.
        writer.write(" 0 0")
        writer.field((process.value.thread?.value.pendingSignals.bits ?? 0) & 0x7FFF_FFFF)
        writer.field((process.value.thread?.value.blockedSignals.bits ?? 0) & 0x7FFF_FFFF)
        writer.field(dispositions.ignored & 0x7FFF_FFFF)
        writer.field(dispositions.caught & 0x7FFF_FFFF)
        // wchan, and two of swapping.
        writer.field(process.stateLetter == UInt8(ascii: "S") ? 1 : 0)
        writer.write(" 0 0")
        writer.field(UInt64(process.value.exitSignal))
    }

    /// Writes some of the arguments, from an offset on, as they are in the process's memory.
    func writeCommandLine(from offset: UInt64, to writer: inout TextWriter) throws(Errno) -> UInt64? {
        guard let space = try subject().value.space else { return nil }
        let strings = space.value.strings
        let length = (strings.environment - strings.arguments).rawValue
        guard offset < length, writer.room > 0 else { return nil }
        let address = strings.arguments + ByteCount(offset)
        let page = address.roundedDownToPage
        let inPage = (address - page).rawValue
        let count = min(min(length - offset, Granule.size.rawValue - inPage), UInt64(writer.room))
        return kernel.frames.withLock { _ in
            let frame: FrameNumber
            switch space.value.memory.state(of: page) {
            case .resident(let found, _, _, _), .residentWithoutAccess(let found, _): frame = found
            // The program has taken its arguments away.
            default: return nil
            }
            writer.write(KernelMemory.bytes(at: frame.address.rawValue + inPage, count: count))
            return offset + count
        }
    }

    /// What a program writes to `comm`: its own name, of at most 15 bytes.
    func setName(from buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        guard let thread = try subject().value.thread, thread == Thread.current else { throw .invalidArgument }
        let asked = buffer.count
        thread.value.name = try withScratch(PathBuffer.self) { (scratch) throws(Errno) in
            let count = min(asked, 15)
            guard buffer.read(to: scratch.address, limit: count) == count else { throw .badAddress }
            return threadName(scratch.value.bytes.span.extracting(0..<Int(count)))
        }
        return asked
    }
}

/// The name of a thread, of at most 15 bytes: all up to a NUL.
func threadName(_ bytes: Span<UInt8>) -> InlineArray<16, UInt8> {
    var name = InlineArray<16, UInt8>(repeating: 0)
    for index in 0..<min(15, bytes.count) {
        if bytes[index] == 0 { break }
        name[index] = bytes[index]
    }
    return name
}

/// The name that a thread has which runs a program: the last part of its path (fs/exec.c, begin_new_exec).
func threadName(ofProgram path: Span<UInt8>) -> InlineArray<16, UInt8> {
    var start = 0
    for index in path.indices where path[index] == UInt8(ascii: "/") { start = index + 1 }
    return threadName(path.extracting(start..<path.count))
}
