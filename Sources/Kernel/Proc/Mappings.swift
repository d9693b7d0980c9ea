import Formats
import LinuxABI
import Machine
import MemoryModel

// maps, smaps and smaps_rollup (fs/proc/task_mmu.c).

extension ProcNode {
    /// Writes the mapping at or beyond an address: its line of `maps`, and with the figures of `smaps` where they are asked
    /// for.
    /// - Returns: the first address beyond it; nil where nothing is mapped any more.
    func writeMapping(at address: UInt64, to writer: inout TextWriter, measured: Bool) throws(Errno) -> UInt64? {
        guard try memory() != nil else { return nil }
        var use: PageUse? = measured ? PageUse() : nil
        let part = try part(from: VirtualAddress(address), measuring: &use)
        guard var run = part.run else { return nil }
        // The mapping, and its object's number, may be another's once others had their turn; the file must not be.
        let inode = run.object.flatMap { Handle<Inode>(ownerOf: $0.number) }
        if let inode { fileSystem.retain(inode) }
        defer { if let inode { fileSystem.release(inode) } }
        if part.isCut { try extend(&run, measuring: &use) }
        try writeLine(of: run, showing: inode, in: space(), to: &writer)
        if let use {
            writer.line("Size:           ", kibibytes: (run.end - run.start).rawValue >> 10)
            writer.line("KernelPageSize: ", kibibytes: Granule.size.rawValue >> 10)
            writer.line("MMUPageSize:    ", kibibytes: Granule.size.rawValue >> 10)
            write(use, rollsUp: false, to: &writer)
            // No page can be huge.
            writer.write("THPeligible:    0\n")
            writeFlags(run.attributes, to: &writer)
        }
        return run.end.rawValue
    }

    /// The memory of the process. ESRCH where it has none any more.
    func space() throws(Errno) -> Handle<ProgramSpace> {
        guard let space = try memory() else { throw .noSuchProcess }
        return space
    }

    /// The same; nil where it has none any more, or executes another program. ESRCH where it is no more.
    func memory() throws(Errno) -> Handle<ProgramSpace>? {
        let process = try subject()
        guard execution == nil || execution == process.value.executions else { return nil }
        return process.value.space
    }

    /// Goes on to the end of a run. Others have their turn meanwhile, so the process may have changed by then. ESRCH where
    /// it has ended.
    private func extend(_ run: inout MappedRun, measuring use: inout PageUse?) throws(Errno) {
        var isCut = true
        while isCut {
            giveTurnIfOver()
            let space = try space()
            var limit = ProcNode.entriesAtOnce
            kernel.frames.withLock { _ in space.value.memory.extend(&run, entries: &limit, measuring: &use) }
            isCut = limit == 0
        }
    }

    /// As much as can be looked at in one go of the first run of the process's that has an address at or beyond `start`;
    /// the rest is the next one's, and the others' turn comes first. ESRCH where the process has ended.
    func part(from start: VirtualAddress, measuring use: inout PageUse?) throws(Errno) -> (run: MappedRun?, isCut: Bool) {
        giveTurnIfOver()
        let space = try space()
        var limit = ProcNode.entriesAtOnce
        let run = kernel.frames.withLock { _ in
            space.value.memory.run(from: start, entries: &limit, measuring: &use)
        }
        return (run, limit == 0)
    }

    /// Entries that are looked at before others have their turn: some hundred microseconds.
    private static var entriesAtOnce: Int { 8192 }

    /// Writes the sum over all mappings. ESRCH where the process has no memory any more (show_smaps_rollup).
    func writeRollup(to writer: inout TextWriter) throws(Errno) {
        var use: PageUse? = PageUse()
        var start: VirtualAddress?
        var end = VirtualAddress(0)
        while let run = try part(from: end, measuring: &use).run {
            start = start ?? run.start
            end = run.end
        }
        writeHeader(
            start: start ?? end, end: end, attributes: .none, offset: 0, device: 0, inode: 0, to: &writer)
        writer.pad(to: 73)
        writer.write("[rollup]\n")
        if let use { write(use, rollsUp: true, to: &writer) }
    }

    private func writeLine(
        of run: MappedRun, showing inode: Handle<Inode>?, in space: Handle<ProgramSpace>, to writer: inout TextWriter
    ) throws(Errno) {
        guard let object = run.object else {
            writeHeader(
                start: run.start, end: run.end, attributes: run.attributes, offset: 0, device: 0, inode: 0, to: &writer)
            // Zeroes of the image that the heap goes on from are told as the heap's (fs/proc/task_mmu.c, show_map_vma).
            if run.start <= space.value.memory.programBreak, run.end >= space.value.memory.heapStart,
                space.value.memory.heapStart < space.value.memory.layout.heapLimit
            {
                writer.pad(to: 73)
                writer.write("[heap]")
            } else if run.end == space.value.memory.layout.stackTop, run.attributes.contains(.growsDown) {
                writer.pad(to: 73)
                writer.write("[stack]")
            } else if let name = space.value.memory.name(of: run) {
                writer.pad(to: 73)
                writer.write("[anon:")
                for index in 0..<name.count { writer.write(name[index]) }
                writer.write("]")
            }
            writer.newLine()
            return
        }
        writeHeader(
            start: run.start, end: run.end, attributes: run.attributes,
            offset: UInt64(object.firstPage.rawValue) << Granule.shift,
            device: inode == nil ? Inode.sharedMemoryDevice : Inode.device,
            inode: inode?.value.number ?? UInt64(object.number.rawValue), to: &writer)
        writer.pad(to: 73)
        if let inode {
            try writePath(of: inode, to: &writer)
        } else {
            // Shared memory without a file is a file without a name (mm/shmem.c, shmem_zero_setup).
            writer.write("/dev/zero (deleted)")
        }
        writer.newLine()
    }

    private func writePath(of inode: Handle<Inode>, to writer: inout TextWriter) throws(Errno) {
        var copy = writer
        do throws(Errno) {
            try inode.withPathText { (text) throws(Errno) in copy.write(escapingNewlines: text) }
        } catch {
            // A path that is too long to be told is left out (fs/seq_file.c, seq_path).
            guard error == .fileNameTooLong || error == .noSuchFileOrDirectory else { throw error }
        }
        writer = copy
    }

    private func writeHeader(
        start: VirtualAddress, end: VirtualAddress, attributes: AttributeSet, offset: UInt64, device: UInt64,
        inode: UInt64, to writer: inout TextWriter
    ) {
        func letter(_ letter: StaticString, _ attribute: AttributeSet, otherwise: StaticString = "-") -> StaticString {
            attributes.contains(attribute) ? letter : otherwise
        }
        writer.write(hexadecimal: start.rawValue, width: 8)
        writer.write("-")
        writer.write(hexadecimal: end.rawValue, width: 8)
        writer.write(" ")
        writer.write(letter("r", .read))
        writer.write(letter("w", .write))
        writer.write(letter("x", .execute))
        writer.write(letter("s", .shared, otherwise: "p"))
        writer.write(" ")
        writer.write(hexadecimal: offset, width: 8)
        writer.write(" 00:")
        writer.write(hexadecimal: device, width: 2)
        writer.write(" ")
        writer.write(inode)
        writer.write(" ")
    }

    private func write(_ use: PageUse, rollsUp: Bool, to writer: inout TextWriter) {
        writer.line("Rss:            ", kibibytes: use.resident >> 10)
        writer.line("Pss:            ", kibibytes: use.proportional >> 22)
        writer.line("Pss_Dirty:      ", kibibytes: use.proportionalDirty >> 22)
        if rollsUp {
            writer.line("Pss_Anon:       ", kibibytes: use.proportionalAnonymous >> 22)
            writer.line("Pss_File:       ", kibibytes: use.proportionalFile >> 22)
            writer.line("Pss_Shmem:      ", kibibytes: use.proportionalSharedMemory >> 22)
        }
        writer.line("Shared_Clean:   ", kibibytes: use.sharedClean >> 10)
        writer.line("Shared_Dirty:   ", kibibytes: use.sharedDirty >> 10)
        writer.line("Private_Clean:  ", kibibytes: use.privateClean >> 10)
        writer.line("Private_Dirty:  ", kibibytes: use.privateDirty >> 10)
        writer.line("Referenced:     ", kibibytes: use.referenced >> 10)
        writer.line("Anonymous:      ", kibibytes: use.anonymous >> 10)
        // What there is nothing of: MADV_FREE takes no page away, no page is huge, and nothing is swapped.
        writer.line("LazyFree:       ", kibibytes: 0)
        writer.line("AnonHugePages:  ", kibibytes: 0)
        writer.line("ShmemPmdMapped: ", kibibytes: 0)
        writer.line("FilePmdMapped:  ", kibibytes: 0)
        writer.line("Shared_Hugetlb: ", kibibytes: 0)
        writer.line("Private_Hugetlb: ", hugeKibibytes: 0)
        writer.line("Swap:           ", kibibytes: 0)
        writer.line("SwapPss:        ", kibibytes: 0)
        writer.line("Locked:         ", kibibytes: use.proportionalLocked >> 22)
    }

    /// Writes the attributes by Linux's two letters, in the order of its bits (fs/proc/task_mmu.c, show_smap_vma_flags).
    private func writeFlags(_ attributes: AttributeSet, to writer: inout TextWriter) {
        writer.write("VmFlags: ")
        func write(_ letters: StaticString, _ attribute: AttributeSet) {
            if attributes.contains(attribute) { writer.write(letters) }
        }
        write("rd ", .read)
        write("wr ", .write)
        write("ex ", .execute)
        // VM_SHARED is not there where the file was not opened for writing; VM_MAYSHARE is.
        write("sh ", .shared | .mayWrite)
        write("mr ", .mayRead)
        write("mw ", .mayWrite)
        write("me ", .mayExecute)
        write("ms ", .shared)
        write("gd ", .growsDown)
        write("lo ", .locked)
        write("sr ", .sequentialRead)
        write("rr ", .randomRead)
        write("dc ", .dontFork)
        // Linux has no letters for it.
        write("?? ", .lockedOnFault)
        write("ac ", .accounted)
        write("nr ", .noReserve)
        write("bt ", .branchTargets)
        write("wf ", .wipeOnFork)
        write("dd ", .dontDump)
        write("hg ", .hugePage)
        write("nh ", .noHugePage)
        write("mg ", .mergeable)
        write("sl ", .sealed)
        writer.newLine()
    }
}

extension Inode {
    /// The device that shared memory without a file is on.
    static var sharedMemoryDevice: UInt64 { 1 }
    /// The device that `/proc` is.
    static var procDevice: UInt64 { 3 }
}

extension TextWriter {
    /// The one line of smaps whose label is too long for its column (fs/proc/task_mmu.c, __show_smap).
    fileprivate mutating func line(_ label: StaticString, hugeKibibytes: UInt64) {
        write(label)
        write(hugeKibibytes, width: 7)
        write(" kB\n")
    }
}
