import LinuxABI
import Machine
import MemoryModel

// meminfo, vmstat, uptime and stat (fs/proc/meminfo.c, mm/vmstat.c, fs/proc/uptime.c, fs/proc/stat.c).

/// RAM in figures; frames, and so pages.
private struct RAMFigures {
    let total: UInt64
    let free: UInt64
    let reserve: UInt64
    let census: FrameCensus
    let stacks: UInt64
    let locked: UInt64

    init() {
        (total, free, reserve, census) = kernel.frames.withLock { frames in
            (frames.totalFrames, frames.freeFrames, frames.reserve, frames.table.census())
        }
        var threads: UInt64 = 0
        var locked: UInt64 = 0
        kernel.processes.forEach { process in if process.value.thread != nil { threads += 1 } }
        kernel.spaces.forEach { space in locked += space.value.memory.residentLockedPages }
        stacks = threads * (KernelStack.size >> Granule.shift)
        self.locked = locked
    }

    /// What the kernel has for itself, its stacks apart.
    var kernelObjects: UInt64 {
        let others = free + census.anonymous + census.tables + census.cached + stacks
        return total - min(total, others)
    }

    /// Objects' pages that could be had again.
    var cachedClean: UInt64 { census.cached - census.cachedOnlyHere }
}

extension ProcNode {
    /// Each line of Linux 6.1. What this kernel has nothing of is 0: no buffers, no swap, no huge pages, and nothing is
    /// written back. There are no lists of pages by age: what nothing takes away counts as active, what reclaim may take as
    /// inactive.
    func writeMemoryInformation(to writer: inout TextWriter) {
        let figures = RAMFigures()
        let active = figures.census.anonymous + figures.census.cachedOnlyHere
        writer.line("MemTotal:       ", pages: figures.total)
        writer.line("MemFree:        ", pages: figures.free)
        writer.line(
            "MemAvailable:   ", pages: figures.free - min(figures.free, figures.reserve) + figures.cachedClean)
        writer.line("Buffers:        ", pages: 0)
        writer.line("Cached:         ", pages: figures.census.cached)
        writer.line("SwapCached:     ", pages: 0)
        writer.line("Active:         ", pages: active)
        writer.line("Inactive:       ", pages: figures.cachedClean)
        writer.line("Active(anon):   ", pages: active)
        writer.line("Inactive(anon): ", pages: 0)
        writer.line("Active(file):   ", pages: 0)
        writer.line("Inactive(file): ", pages: figures.cachedClean)
        writer.line("Unevictable:    ", pages: figures.locked)
        writer.line("Mlocked:        ", pages: figures.locked)
        writer.line("SwapTotal:      ", pages: 0)
        writer.line("SwapFree:       ", pages: 0)
        writer.line("Zswap:          ", pages: 0)
        writer.line("Zswapped:       ", pages: 0)
        writer.line("Dirty:          ", pages: 0)
        writer.line("Writeback:      ", pages: 0)
        writer.line("AnonPages:      ", pages: figures.census.anonymous)
        writer.line("Mapped:         ", pages: figures.census.cachedMapped)
        writer.line("Shmem:          ", pages: figures.census.cachedOnlyHere)
        writer.line("KReclaimable:   ", pages: 0)
        writer.line("Slab:           ", pages: figures.kernelObjects)
        writer.line("SReclaimable:   ", pages: 0)
        writer.line("SUnreclaim:     ", pages: figures.kernelObjects)
        writer.line("KernelStack:    ", pages: figures.stacks)
        writer.line("PageTables:     ", pages: figures.census.tables)
        writer.line("SecPageTables:  ", pages: 0)
        writer.line("NFS_Unstable:   ", pages: 0)
        writer.line("Bounce:         ", pages: 0)
        writer.line("WritebackTmp:   ", pages: 0)
        writer.line("CommitLimit:    ", pages: commitLimit())
        writer.line("Committed_AS:   ", pages: committedPages())
        writer.line(
            "VmallocTotal:   ", kibibytes: (KernelWindow.range.upperBound - KernelWindow.range.lowerBound) >> 10)
        writer.line("VmallocUsed:    ", pages: kernel.window.mappedPages)
        writer.line("VmallocChunk:   ", pages: 0)
        writer.line("Percpu:         ", pages: 0)
        writer.line("HardwareCorrupted: ", pages: 0, width: 5)
        writer.line("AnonHugePages:  ", pages: 0)
        writer.line("ShmemHugePages: ", pages: 0)
        writer.line("ShmemPmdMapped: ", pages: 0)
        writer.line("FileHugePages:  ", pages: 0)
        writer.line("FilePmdMapped:  ", pages: 0)
        writer.line("CmaTotal:       ", pages: 0)
        writer.line("CmaFree:        ", pages: 0)
        writer.write("HugePages_Total:       0\nHugePages_Free:        0\n")
        writer.write("HugePages_Rsvd:        0\nHugePages_Surp:        0\n")
        writer.line("Hugepagesize:   ", kibibytes: 2048)
        writer.line("Hugetlb:        ", pages: 0)
    }

    /// Linux's names for what this kernel counts, in Linux's order; nothing else.
    func writeVirtualMemoryStatistics(to writer: inout TextWriter) {
        let figures = RAMFigures()
        writer.line("nr_free_pages ", figures.free)
        writer.line("nr_mlock ", figures.locked)
        writer.line("nr_slab_unreclaimable ", figures.kernelObjects)
        writer.line("nr_anon_pages ", figures.census.anonymous)
        writer.line("nr_mapped ", figures.census.cachedMapped)
        writer.line("nr_file_pages ", figures.census.cached)
        writer.line("nr_shmem ", figures.census.cachedOnlyHere)
        // KiB, as on Linux.
        writer.line("nr_kernel_stack ", (figures.stacks << Granule.shift) >> 10)
        writer.line("nr_page_table_pages ", figures.census.tables)
        let faults = allFaults
        writer.line("pgfault ", faults.minor &+ faults.major)
        writer.line("pgmajfault ", faults.major)
        writer.line("pgsteal_direct ", kernel.reclaimedPages)
        writer.line("pgsteal_file ", kernel.reclaimedPages)
        writer.line("oom_kill ", kernel.outOfMemoryKills)
    }

    /// The faults of all processes that there ever were.
    private var allFaults: FaultCounts {
        var faults = kernel.endedFaults
        kernel.processes.forEach { process in faults = faults + process.value.faults }
        return faults
    }

    /// Seconds since boot, and those of them in which nothing ran.
    func writeUptime(to writer: inout TextWriter) {
        writeSeconds(kernel.clock.hundredths(ofTicks: Timer.now), to: &writer)
        writer.write(" ")
        writeSeconds(kernel.clock.hundredths(ofTicks: idleTicks), to: &writer)
        writer.newLine()
    }

    private func writeSeconds(_ hundredths: UInt64, to writer: inout TextWriter) {
        writer.write(hundredths / 100)
        writer.write(".")
        writer.write(hundredths / 10 % 10)
        writer.write(hundredths % 10)
    }

    /// Ticks that the CPU had nothing to do; the thread that runs then does not run now.
    private var idleTicks: UInt64 { ProcessorState.current.value.idle.value.runTicks }

    /// The CPU's time, which is not divided into the program's and the kernel's; when it began; what wants to run.
    func writeSystemStatistics(to writer: inout TextWriter) {
        let idle = kernel.clock.hundredths(ofTicks: idleTicks)
        let all = kernel.clock.hundredths(ofTicks: Timer.now)
        for isTotal in 0..<2 {
            writer.write(isTotal == 0 ? "cpu  " : "cpu0 ")
            writer.write(all - min(all, idle))
            writer.write(" 0 0 ")
            writer.write(idle)
            writer.write(" 0 0 0 0 0 0\n")
        }
        let since1970 = kernel.clock.nanosecondsSince1970
        writer.line("btime ", (since1970 - min(since1970, kernel.clock.nanosecondsSinceBoot)) / 1_000_000_000)
        var running: UInt64 = 0
        kernel.processes.forEach { process in if process.value.thread?.value.state == .ready { running += 1 } }
        writer.line("procs_running ", running)
        // Nothing waits for a medium.
        writer.line("procs_blocked ", 0)
    }
}

extension TextWriter {
    /// A line whose label leaves its figure fewer digits.
    fileprivate mutating func line(_ label: StaticString, pages: UInt64, width: Int) {
        write(label)
        write(pages * 4, width: width)
        write(" kB\n")
    }
}

extension ProcNode {
    /// Whether a program may write it.
    var isWritable: Bool { kind == .overcommitMemory || kind == .overcommitRatio || kind == .name }

    /// Takes what a program writes to it: a setting's value, or a name.
    func write(from buffer: inout UserBuffer, at offset: UInt64) throws(Errno) -> UInt64 {
        switch kind {
        case .name: return try setName(from: &buffer)
        case .overcommitMemory, .overcommitRatio: return try writeSetting(from: &buffer, at: offset)
        // What has no way to be written (fs/read_write.c, vfs_write; fs/proc/inode.c, pde_write).
        default: throw process == 0 ? .ioError : .invalidArgument
        }
    }

    /// A number, with white space before and behind it (kernel/sysctl.c, do_proc_dointvec). EINVAL, EFAULT.
    /// - Returns: the bytes that were taken: those up to whatever else is there.
    private func writeSetting(from buffer: inout UserBuffer, at offset: UInt64) throws(Errno) -> UInt64 {
        let asked = buffer.count
        if asked == 0 { return 0 }
        // A write that does not begin at the file's start has no effect (sysctl_writes_strict).
        guard offset == 0 else { return asked }
        return try withScratch(PathBuffer.self) { (scratch) throws(Errno) in
            let count = min(asked, 4095)
            guard buffer.read(to: scratch.address, limit: count) == count else { throw .badAddress }
            var text = SettingText(scratch, count: Int(count))
            let number = try text.takeNumber()
            if kind == .overcommitMemory {
                guard let mode = UInt8(exactly: number).flatMap({ OvercommitMode(rawValue: $0) }) else {
                    throw .invalidArgument
                }
                kernel.overcommit = mode
            } else {
                kernel.overcommitRatio = number
            }
            forgetPromisable()
            return text.isAtEnd ? asked : UInt64(text.position)
        }
    }
}

/// What a program writes to a setting, and how far it has been read.
private struct SettingText {
    private let text: Handle<PathBuffer>
    private let count: Int
    private(set) var position = 0

    init(_ text: Handle<PathBuffer>, count: Int) {
        self.text = text
        self.count = count
    }

    var isAtEnd: Bool { position == count }

    private var byte: UInt8? { isAtEnd ? nil : text.value.bytes[position] }

    private var isAtSpace: Bool { byte.map { $0 == UInt8(ascii: " ") || (9...13).contains($0) } ?? false }

    private mutating func skipSpaces() { while isAtSpace { position += 1 } }

    /// Takes a number and the spaces around it: decimal, after `0x` hexadecimal, after `0` octal, and of less than 22
    /// characters (kernel/sysctl.c, proc_get_long). EINVAL for none, and for one that an int can't hold.
    mutating func takeNumber() throws(Errno) -> Int32 {
        skipSpaces()
        let start = position
        let isNegative = byte == UInt8(ascii: "-") && position + 1 < count
        if isNegative { position += 1 }
        guard let first = byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { throw .invalidArgument }
        let base = takeBase()
        var magnitude: UInt64 = 0
        while let digit = byte?.hexadecimalValue, digit < base {
            magnitude = min(magnitude * base + digit, 1 << 32)
            position += 1
        }
        // Behind it not every white space will do.
        let isWhole = byte.map { $0 == UInt8(ascii: " ") || $0 == 9 || $0 == 10 } ?? true
        guard position - start < 21, isWhole,
            let number = Int32(exactly: isNegative ? -Int64(magnitude) : Int64(magnitude))
        else { throw .invalidArgument }
        skipSpaces()
        return number
    }

    /// Takes the sign of a base that is not ten.
    private mutating func takeBase() -> UInt64 {
        guard byte == UInt8(ascii: "0") else { return 10 }
        guard position + 2 < count, text.value.bytes[position + 1] | 0x20 == UInt8(ascii: "x"),
            text.value.bytes[position + 2].hexadecimalValue != nil
        else { return 8 }
        position += 2
        return 16
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit.
    fileprivate var hexadecimalValue: UInt64? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(self - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
