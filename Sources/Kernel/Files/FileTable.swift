import LinuxABI
import Machine

/// A process's file descriptors. One slot in a pool, within a page: no container that a program can grow asks for more.
struct FileTable: ~Copyable {
    /// `RLIMIT_NOFILE`, the limit and its maximum.
    static var capacity: Int { 256 }

    private var files = InlineArray<256, Handle<OpenFile>?>(repeating: nil)
    /// A bit for each descriptor: closed by `execve`.
    private var closingOnExec = InlineArray<4, UInt64>(repeating: 0)
    /// Processes that use the table.
    var users: UInt32 = 1

    /// The open file of a descriptor; EBADF where there is none.
    @_addressableSelf func file(_ descriptor: Int32) throws(Errno) -> Handle<OpenFile> {
        guard let index = index(descriptor), let file = files[index] else { throw .badFileDescriptor }
        return file
    }

    /// Puts a file at the lowest free descriptor from `start` on; EMFILE where there is none.
    mutating func add(
        _ file: Handle<OpenFile>, closesOnExec: Bool, from start: Int32 = 0
    ) throws(Errno) -> Int32 {
        guard var index = self.index(start) else { throw .invalidArgument }
        while index < FileTable.capacity {
            if files[index] == nil {
                set(index, to: file, closesOnExec: closesOnExec)
                return Int32(index)
            }
            index += 1
        }
        throw .tooManyOpenFiles
    }

    /// EMFILE where no descriptor is free.
    @_addressableSelf func checkRoom() throws(Errno) {
        for index in 0..<FileTable.capacity where files[index] == nil { return }
        throw .tooManyOpenFiles
    }

    /// Puts a file at a descriptor.
    /// - Returns: what was there before, for the caller to release. EBADF for a number outside the table.
    mutating func replace(
        _ descriptor: Int32, with file: Handle<OpenFile>, closesOnExec: Bool
    ) throws(Errno) -> Handle<OpenFile>? {
        guard let index = index(descriptor) else { throw .badFileDescriptor }
        let previous = files[index]
        set(index, to: file, closesOnExec: closesOnExec)
        return previous
    }

    /// Takes a file out, for the caller to release; EBADF where there is none.
    mutating func remove(_ descriptor: Int32) throws(Errno) -> Handle<OpenFile> {
        let file = try file(descriptor)
        set(Int(descriptor), to: nil, closesOnExec: false)
        return file
    }

    @_addressableSelf func closesOnExec(_ descriptor: Int32) throws(Errno) -> Bool {
        _ = try file(descriptor)
        return closesOnExec(at: Int(descriptor))
    }

    mutating func setClosesOnExec(_ descriptor: Int32, to value: Bool) throws(Errno) {
        set(Int(descriptor), to: try file(descriptor), closesOnExec: value)
    }

    /// Takes out any one file, or any one that closes on exec; nil when there is none left.
    mutating func removeAny(closingOnExecOnly: Bool) -> Handle<OpenFile>? {
        for index in 0..<FileTable.capacity {
            guard let file = files[index], !closingOnExecOnly || closesOnExec(at: index) else { continue }
            set(index, to: nil, closesOnExec: false)
            return file
        }
        return nil
    }

    /// A table of the same files, each with one reference more.
    @_addressableSelf borrowing func copy() -> FileTable {
        var copy = FileTable()
        for index in 0..<FileTable.capacity {
            guard let file = files[index] else { continue }
            file.value.references += 1
            copy.set(index, to: file, closesOnExec: closesOnExec(at: index))
        }
        return copy
    }

    private func index(_ descriptor: Int32) -> Int? {
        0..<Int32(FileTable.capacity) ~= descriptor ? Int(descriptor) : nil
    }

    @_addressableSelf private func closesOnExec(at index: Int) -> Bool { closingOnExec[index / 64] & (1 << UInt64(index % 64)) != 0 }

    private mutating func set(_ index: Int, to file: Handle<OpenFile>?, closesOnExec: Bool) {
        files[index] = file
        let bit: UInt64 = 1 << UInt64(index % 64)
        if closesOnExec { closingOnExec[index / 64] |= bit } else { closingOnExec[index / 64] &= ~bit }
    }
}

/// Drops one reference to an open file; the last one frees it.
func release(_ file: Handle<OpenFile>) {
    file.value.references -= 1
    guard file.value.references == 0 else { return }
    switch file.value.kind {
    case .pipe(let pipe, let end): close(end, of: pipe)
    case .inode(let inode):
        if file.value.isWritable, inode.value.type == .regular { inode.value.writers -= 1 }
        fileSystem.release(inode)
    case .proc(let reader): close(reader)
    case .input, .output, .device, .process: break
    }
    kernel.openFiles.destroy(file)
}

/// Drops a process's use of a table; the last one closes its files.
func release(_ files: Handle<FileTable>) {
    files.value.users -= 1
    guard files.value.users == 0 else { return }
    while let file = files.value.removeAny(closingOnExecOnly: false) { release(file) }
    kernel.fileTables.destroy(files)
}
