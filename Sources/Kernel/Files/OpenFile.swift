import LinuxABI
import Machine

/// What an open file reads from and writes to.
enum FileKind {
    /// The program's standard input, from the host.
    case input
    /// A stream to the host.
    case output(OutputStream)
    /// A file or directory; with `O_PATH` anything that has a name. The open file has a reference to it.
    case inode(Handle<Inode>)
    /// `/dev/null` and its like.
    case device(CharacterDevice)
    /// A file below `/proc`.
    case proc(Handle<ProcReader>)
    /// One end of a pipe.
    case pipe(Handle<Pipe>, PipeEnd)
    /// A process (`pidfd_open`): its number, and which of all that had the number it is.
    case process(Int32, serial: UInt64)
}

/// An open file description (open(2)): what `dup` and `clone` share. Lives in a pool slot.
struct OpenFile: ~Copyable {
    /// Once it was opened it stays the same.
    var kind: FileKind
    /// The access mode and status flags; not close-on-exec, which belongs to the descriptor.
    var flags: OpenFlags
    /// Where the next read starts; for a directory, the position of the next entry (``DirectoryEntry/position``).
    var position: UInt64 = 0
    /// A directory's entry at that position, as long as its directory has counted so many removals.
    var nextEntry: (entry: Handle<DirectoryEntry>?, removals: UInt32)?
    /// Descriptors that name it.
    var references: UInt32 = 1

    init(_ kind: FileKind, flags: OpenFlags) {
        self.kind = kind
        self.flags = flags
    }

    /// O_ACCMODE says how the file was opened; 3 is neither reading nor writing, as is `O_PATH`.
    var isReadable: Bool { !flags.contains(.path) && (flags.accessMode == 0 || flags.accessMode == 2) }
    var isWritable: Bool { !flags.contains(.path) && (flags.accessMode == 1 || flags.accessMode == 2) }
}

/// The memory devices, by Linux's numbers (major 1; Documentation/admin-guide/devices.txt).
enum CharacterDevice: UInt8 {
    case null = 3
    case zero = 5
    case full = 7
    case random = 8
    case urandom = 9

    /// The device of a number, major in the upper half; nil for one that there is no driver for.
    init?(_ number: UInt64) {
        guard number >> 32 == 1, let minor = UInt8(exactly: number & 0xFFFF_FFFF) else { return nil }
        self.init(rawValue: minor)
    }
}

extension Handle where T == OpenFile {
    /// Reads up to `buffer.count` bytes from `offset`, or from the file's position, which it moves.
    /// - Returns: bytes read; 0 at the end.
    func read(into buffer: inout UserBuffer, at offset: UInt64? = nil) throws(Errno) -> UInt64 {
        guard value.isReadable else { throw .badFileDescriptor }
        switch value.kind {
        case .input:
            guard offset == nil else { throw .illegalSeek }
            return try readInput(into: &buffer, waits: !value.flags.contains(.nonBlocking))
        case .pipe(let pipe, _):
            guard offset == nil else { throw .illegalSeek }
            return try readPipe(pipe, into: &buffer, waits: !value.flags.contains(.nonBlocking))
        case .output:
            throw .badFileDescriptor
        case .process:
            throw .invalidArgument
        case .inode(let inode):
            let start = try start(of: buffer, at: offset)
            guard inode.value.type == .regular else { throw .isDirectory }
            let count = try inode.readFile(from: start, into: &buffer)
            if offset == nil { value.position = start + count }
            if !value.flags.contains(.noAccessTime) { inode.value.noteAccess() }
            return count
        case .device(let device):
            return try device.read(into: &buffer)
        case .proc(let reader):
            return try reader.withSleepingLock { () throws(Errno) in
                let start = try start(of: buffer, at: offset)
                let count = try reader.read(from: start, into: &buffer)
                if offset == nil { value.position = start + count }
                return count
            }
        }
    }

    /// Where a read or a write begins: at an offset, or at the file's position. EINVAL where it could go beyond what a
    /// position can say (fs/read_write.c, rw_verify_area).
    private func start(of buffer: UserBuffer, at offset: UInt64?) throws(Errno) -> UInt64 {
        let start = offset ?? value.position
        guard start <= UInt64(Int64.max) - buffer.count else { throw .invalidArgument }
        return start
    }

    /// Writes `buffer.count` bytes.
    /// - Returns: bytes written, fewer only where the rest of the buffer is unreadable.
    func write(from buffer: inout UserBuffer, at offset: UInt64? = nil) throws(Errno) -> UInt64 {
        guard value.isWritable else { throw .badFileDescriptor }
        switch value.kind {
        case .output(let stream):
            guard offset == nil else { throw .illegalSeek }
            return try stream.write(from: &buffer)
        case .device(let device):
            return try device.write(from: &buffer)
        case .pipe(let pipe, _):
            guard offset == nil else { throw .illegalSeek }
            return try writePipe(pipe, from: &buffer, waits: !value.flags.contains(.nonBlocking))
        case .process:
            throw .invalidArgument
        case .inode(let inode):
            // O_APPEND wins over an offset too (pwrite(2), "Bugs").
            let appends = value.flags.contains(.append)
            return try inode.withContentLocked { () throws(Errno) in
                let given = try start(of: buffer, at: offset)
                let start = appends ? inode.fileSize : given
                let count = try inode.writeFile(at: start, from: &buffer)
                if offset == nil { value.position = start + count }
                return count
            }
        case .proc(let reader):
            let start = try start(of: buffer, at: offset)
            let count = try reader.value.node.write(from: &buffer, at: start)
            if offset == nil { value.position = start + count }
            return count
        case .input:
            throw .badFileDescriptor
        }
    }
}

extension CharacterDevice {
    fileprivate func read(into buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        switch self {
        case .null:
            return 0
        case .zero, .full:
            return try buffer.writeZeroes()
        case .random, .urandom:
            return try fillWithRandomBytes(&buffer)
        }
    }

    fileprivate func write(from buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        if self == .full { throw .noSpace }
        return buffer.count
    }
}
