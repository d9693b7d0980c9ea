import Formats
import LinuxABI
import Machine
import MemoryModel

/// A file below `/proc` that is open, with a page of its text. Lives in a pool slot.
///
/// As Linux's fs/seq_file.c: the text is made record by record, as many as fit a page, and the next page goes on with the
/// record behind the last one, by address or number, wherever that is by then. So a file of any length takes one page,
/// and reading it to its end takes one pass.
struct ProcReader: ~Copyable, SleepinglyLocked {
    let node: ProcNode
    let inode: Handle<Inode>
    /// Nil before the first read.
    fileprivate var page: Handle<PathBuffer>?
    /// Where in the file the page's text begins, and how long it is.
    fileprivate var start: UInt64 = 0
    fileprivate var count: UInt64 = 0
    /// The record that comes behind the page's text.
    fileprivate var nextRecord: UInt64 = 0
    /// Bytes of that record that the page has already.
    fileprivate var begun = 0
    fileprivate var isAtEnd = false
    /// Where in the file the last read ended. One that begins elsewhere, or at 0, makes the text anew.
    fileprivate var expected: UInt64 = 0
    /// Of the text, what there is of which is kept for the next read (fs/seq_file.c, the mutex of a seq_file).
    var sleepingLock = SleepingLock()

    init(_ node: ProcNode, _ inode: Handle<Inode>) {
        self.node = node.opened()
        self.inode = inode
    }
}

/// Gives back what an open file below `/proc` holds.
func close(_ reader: Handle<ProcReader>) {
    if let page = reader.value.page { KernelPages.giveBack(page.address) }
    let inode = reader.value.inode
    kernel.procReaders.destroy(reader)
    fileSystem.release(inode)
}

extension Handle where T == ProcReader {
    /// Copies text to a program, as far as the page at hand has it.
    /// - Returns: bytes copied, 0 at the end. ESRCH, ENOMEM, EFAULT.
    func read(from offset: UInt64, into buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        if value.node.kind == .pageMap { return try value.node.readPageMap(from: offset, into: &buffer) }
        if offset == 0 || offset != value.expected { rewind() }
        while offset >= value.start + value.count, !value.isAtEnd {
            try turnPage()
            giveTurnIfOver()
        }
        guard let page = value.page, offset < value.start + value.count else { return 0 }
        let wanted = min(buffer.count, value.start + value.count - offset)
        let copied = buffer.write(KernelMemory.bytes(at: page.address + (offset - value.start), count: wanted))
        value.expected = offset + copied
        if copied == 0, wanted > 0 { throw .badAddress }
        return copied
    }

    private func rewind() {
        value.start = 0
        value.count = 0
        value.nextRecord = 0
        value.begun = 0
        value.isAtEnd = false
    }

    /// Fills the page with the records that come next.
    private func turnPage() throws(Errno) {
        let page: Handle<PathBuffer>
        if let known = value.page {
            page = known
        } else {
            guard let taken = KernelPages.take() else { throw .noMemory }
            page = unsafe Handle<PathBuffer>(unsafeAddress: taken)
            value.page = page
        }
        var writer = TextWriter(page, skipping: value.begun)
        value.start += value.count
        value.count = 0
        while writer.room > 0 {
            let mark = writer.count
            writer.beginRecord()
            let written: UInt64?
            do throws(Errno) {
                written = try value.node.write(record: value.nextRecord, to: &writer)
            } catch {
                // What is there is read first; the next read says why there is no more (fs/seq_file.c, seq_read_iter).
                guard mark > 0 else { throw error }
                writer.takeBack(to: mark)
                break
            }
            guard let next = written else {
                value.isAtEnd = true
                break
            }
            if writer.isCut {
                // A record that alone fills more than a page comes in parts.
                if mark == 0 { value.begun += writer.count } else { writer.takeBack(to: mark) }
                break
            }
            writer.endRecord()
            value.begun = 0
            value.nextRecord = next
        }
        value.count = UInt64(writer.count)
    }
}

extension ProcNode {
    /// Writes a record of the file's text.
    /// - Parameter record: 0 for the first one, then what this returned.
    /// - Returns: the record behind it; nil where there is no such record, and nothing was written. ESRCH, ENOMEM.
    fileprivate func write(record: UInt64, to writer: inout TextWriter) throws(Errno) -> UInt64? {
        switch kind {
        case .maps: return try writeMapping(at: record, to: &writer, measured: false)
        case .smaps: return try writeMapping(at: record, to: &writer, measured: true)
        case .commandLine: return try writeCommandLine(from: record, to: &writer)
        default: break
        }
        guard record == 0 else { return nil }
        switch kind {
        case .smapsRollup: try writeRollup(to: &writer)
        case .status: try writeStatus(to: &writer)
        case .statistics: try writeStatistics(to: &writer)
        case .memoryStatistics: try writeMemoryStatistics(to: &writer)
        case .name: try writeName(to: &writer)
        case .memoryInformation: writeMemoryInformation(to: &writer)
        case .virtualMemoryStatistics: writeVirtualMemoryStatistics(to: &writer)
        case .uptime: writeUptime(to: &writer)
        case .systemStatistics: writeSystemStatistics(to: &writer)
        case .version: writer.write("Linux version 6.1.0-akuma (Akuma 1)\n")
        case .overcommitMemory: writer.line("", UInt64(kernel.overcommit.rawValue))
        case .overcommitRatio:
            writer.write(kernel.overcommitRatio)
            writer.newLine()
        case .maps, .smaps, .pageMap, .commandLine, .program, .workingDirectory, .root, .ownProcess:
            fatalError("the node's text has one record")
        }
        return 1
    }

    /// The process that the file is of; ESRCH where it is no more.
    func subject() throws(Errno) -> Handle<Process> {
        guard let process = kernel.processes.process(serial: process) else { throw .noSuchProcess }
        return process
    }
}
