import LinuxABI
import Machine

/// The open file of a descriptor, with a reference for the caller: a call that waits or faults must find the file still
/// there, though another process that shares the descriptors closes it meanwhile (fs/file.c, fdget).
func heldFile(_ descriptor: UInt64) throws(Errno) -> Handle<OpenFile> {
    let file = try Process.current.value.openFiles.value.file(descriptor.asInt32)
    file.value.references += 1
    return file
}

func read(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    var buffer = try UserBuffer(checking: call.second, count: call.third)
    return try file.read(into: &buffer)
}

func write(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    var buffer = try UserBuffer(checking: call.second, count: call.third)
    return try file.write(from: &buffer)
}

func readAtOffset(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard let offset = Int64(exactly: Int64(bitPattern: call.fourth)), offset >= 0 else { throw .invalidArgument }
    let file = try heldFile(call.first)
    defer { release(file) }
    var buffer = try UserBuffer(checking: call.second, count: call.third)
    return try file.read(into: &buffer, at: UInt64(offset))
}

func writeAtOffset(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard Int64(bitPattern: call.fourth) >= 0 else { throw .invalidArgument }
    let file = try heldFile(call.first)
    defer { release(file) }
    var buffer = try UserBuffer(checking: call.second, count: call.third)
    return try file.write(from: &buffer, at: call.fourth)
}

func readScattered(_ call: SystemCallArguments) throws(Errno) -> UInt64 { try transfer(call, .reading, at: nil) }

func writeGathered(_ call: SystemCallArguments) throws(Errno) -> UInt64 { try transfer(call, .writing, at: nil) }

/// `preadv`: the offset is in one register on 64 bits.
func readScatteredAtOffset(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard Int64(bitPattern: call.fourth) >= 0 else { throw .invalidArgument }
    return try transfer(call, .reading, at: call.fourth)
}

/// `pwritev`.
func writeGatheredAtOffset(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard Int64(bitPattern: call.fourth) >= 0 else { throw .invalidArgument }
    return try transfer(call, .writing, at: call.fourth)
}

/// `preadv2` and `pwritev2`: an offset of −1 is the file's position. The flags that only say how to wait for a medium
/// (RWF_HIPRI, RWF_DSYNC, RWF_SYNC: bits 0 to 2 of include/uapi/linux/fs.h) have nothing to wait for; the others are
/// refused.
func checkedTransfer(
    _ call: SystemCallArguments, atPosition: (SystemCallArguments) throws(Errno) -> UInt64,
    atOffset: (SystemCallArguments) throws(Errno) -> UInt64
) throws(Errno) -> UInt64 {
    guard call.sixth.asUInt32 & ~7 == 0 else { throw .notSupported }
    return try call.fourth == .max ? atPosition(call) : atOffset(call)
}

/// Which way a call moves bytes.
private enum TransferDirection {
    case reading
    case writing
}

/// Moves bytes between a file and the ranges of an `iovec` array, as one read or write.
private func transfer(
    _ call: SystemCallArguments, _ direction: TransferDirection, at offset: UInt64?
) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    var list = try VectorList(copying: call.second, count: call.third)
    defer { list.giveBack() }
    guard list.total > 0 else {
        guard direction == .reading ? file.value.isReadable : file.value.isWritable else { throw .badFileDescriptor }
        return 0
    }
    var buffer = UserBuffer(list)
    if file.isOfProcess { return try transferRanges(&buffer, file, direction, at: offset) }
    return try transfer(&buffer, file, direction, at: offset)
}

private func transfer(
    _ buffer: inout UserBuffer, _ file: Handle<OpenFile>, _ direction: TransferDirection, at offset: UInt64?
) throws(Errno) -> UInt64 {
    switch direction {
    case .reading: try file.read(into: &buffer, at: offset)
    case .writing: try file.write(from: &buffer, at: offset)
    }
}

extension Handle where T == OpenFile {
    /// Whether it is one of those below `/proc/PID`, which know nothing of several ranges (fs/proc/base.c).
    fileprivate var isOfProcess: Bool {
        guard case .proc(let reader) = value.kind else { return false }
        return reader.value.node.process != 0
    }
}

/// Moves each range in a call of its own until one moves less than it asked for. An error after some bytes have moved is
/// told by the count (fs/read_write.c, do_loop_readv_writev).
private func transferRanges(
    _ buffer: inout UserBuffer, _ file: Handle<OpenFile>, _ direction: TransferDirection, at offset: UInt64?
) throws(Errno) -> UInt64 {
    var total: UInt64 = 0
    while buffer.count > 0 {
        var range = buffer.takeRange()
        let asked = range.count
        do throws(Errno) {
            let moved = try transfer(&range, file, direction, at: offset.map { $0 + total })
            total += moved
            if moved < asked { break }
        } catch {
            if total > 0 { break }
            throw error
        }
    }
    return total
}

func closeFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try Process.current.value.openFiles.value.remove(call.first.asInt32)
    release(file)
    return 0
}

func seek(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    let offset = Int64(bitPattern: call.second)
    guard let origin = SeekOrigin(rawValue: call.third.asUInt32) else { throw .invalidArgument }
    switch file.value.kind {
    case .input, .output, .pipe, .process:
        throw .illegalSeek
    case .device:
        return 0
    case .proc(let reader) where reader.value.node.kind == .pageMap:
        let position = try anyPosition(offset, from: origin, current: file.value.position)
        file.value.position = position
        return position
    case .proc:
        let position = try textPosition(offset, from: origin, current: file.value.position)
        file.value.position = position
        return position
    case .inode(let inode):
        guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
        let position = try position(in: inode, offset, from: origin, current: file.value.position)
        if inode.value.isDirectory, position != file.value.position { file.value.nextEntry = nil }
        file.value.position = position
        return position
    }
}

/// Where `lseek` goes in a file below `/proc`, which nobody knows the end of (fs/seq_file.c, seq_lseek).
private func textPosition(_ offset: Int64, from origin: SeekOrigin, current: UInt64) throws(Errno) -> UInt64 {
    guard origin == .start || origin == .current else { throw .invalidArgument }
    let base = origin == .start ? 0 : Int64(bitPattern: current)
    let (position, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, position >= 0 else { throw .invalidArgument }
    return UInt64(position)
}

/// Where `lseek` goes in `pagemap`: anywhere, as in `mem` (fs/proc/base.c, mem_lseek).
private func anyPosition(_ offset: Int64, from origin: SeekOrigin, current: UInt64) throws(Errno) -> UInt64 {
    switch origin {
    case .start: return UInt64(bitPattern: offset)
    case .current: return current &+ UInt64(bitPattern: offset)
    case .end, .data, .hole: throw .invalidArgument
    }
}

/// Where `lseek` goes (fs/read_write.c, generic_file_llseek; mm/shmem.c; fs/libfs.c for directories).
private func position(
    in inode: Handle<Inode>, _ offset: Int64, from origin: SeekOrigin, current: UInt64
) throws(Errno) -> UInt64 {
    let base: Int64
    switch origin {
    case .start: base = 0
    case .current: base = Int64(bitPattern: current)
    case .end:
        guard inode.value.type == .regular else { throw .invalidArgument }
        base = Int64(inode.fileSize)
    case .data, .hole:
        guard inode.value.type == .regular else { throw .invalidArgument }
        guard offset >= 0, UInt64(offset) < inode.fileSize,
            let found = inode.nextContent(from: UInt64(offset), isHole: origin == .hole)
        else { throw .noSuchAddressOrDevice }
        return found
    }
    let (position, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, position >= 0 else { throw .invalidArgument }
    return UInt64(position)
}

func duplicate(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try duplicate(
        Process.current.value.openFiles.value.file(call.first.asInt32), from: 0, closesOnExec: false)
}

private func duplicate(
    _ file: Handle<OpenFile>, from start: Int32, closesOnExec: Bool
) throws(Errno) -> UInt64 {
    let descriptor = try Process.current.value.openFiles.value.add(file, closesOnExec: closesOnExec, from: start)
    file.value.references += 1
    return UInt64(descriptor)
}

func duplicateTo(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = OpenFlags(rawValue: call.third.asUInt32)
    guard flags.subtracting(.closeOnExec).isEmpty, call.first.asInt32 != call.second.asInt32 else {
        throw .invalidArgument
    }
    let file = try heldFile(call.first)
    defer { release(file) }
    let replaced = try Process.current.value.openFiles.value.replace(
        call.second.asInt32, with: file, closesOnExec: flags.contains(.closeOnExec))
    file.value.references += 1
    if let replaced { release(replaced) }
    return UInt64(call.second.asUInt32)
}

func controlFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    let files = Process.current.value.openFiles
    let command = FileControl(rawValue: call.second.asUInt32)
    // What only names a file knows nothing else (fs/fcntl.c, check_fcntl_cmd).
    if file.value.flags.contains(.path), command?.isOfDescriptor != true { throw .badFileDescriptor }
    switch command {
    case .duplicate:
        return try duplicate(file, from: call.third.asInt32, closesOnExec: false)
    case .duplicateCloseOnExec:
        return try duplicate(file, from: call.third.asInt32, closesOnExec: true)
    case .getDescriptorFlags:
        return try files.value.closesOnExec(call.first.asInt32) ? 1 : 0
    case .setDescriptorFlags:
        try files.value.setClosesOnExec(call.first.asInt32, to: call.third & 1 != 0)
        return 0
    case .getStatusFlags:
        return UInt64(file.value.flags.rawValue)
    case .setStatusFlags:
        // Only these can change (fcntl(2)); O_DIRECT and O_ASYNC have no meaning for any file here and are refused.
        let asked = OpenFlags(rawValue: call.third.asUInt32)
        let changeable: OpenFlags = .append | .nonBlocking | .noAccessTime
        guard !asked.contains(.direct) else { throw .invalidArgument }
        file.value.flags = file.value.flags.subtracting(changeable) | asked.intersection(changeable)
        return 0
    case .getPipeSize:
        guard case .pipe = file.value.kind else { throw .badFileDescriptor }
        return Pipe.capacity
    case .setPipeSize:
        // A pipe has one size: asking for that or less gets it, asking for more is refused.
        guard case .pipe = file.value.kind else { throw .badFileDescriptor }
        guard call.third <= Pipe.capacity else { throw .notPermitted }
        return Pipe.capacity
    case .addSeals:
        try addSeals(FileSeals(rawValue: call.third.asUInt32), to: file)
        return 0
    case .getSeals:
        return UInt64(try sealableInode(file).value.file.seals.rawValue)
    case nil:
        throw .invalidArgument
    }
}

extension FileControl {
    /// Whether it asks for nothing of the file but that it is open.
    fileprivate var isOfDescriptor: Bool {
        switch self {
        case .duplicate, .duplicateCloseOnExec, .getDescriptorFlags, .setDescriptorFlags, .getStatusFlags: true
        case .setStatusFlags, .getPipeSize, .setPipeSize, .addSeals, .getSeals: false
        }
    }
}

/// No stream is a terminal: line editing stays with the host's. So every request is ENOTTY, as `isatty` expects.
func controlDevice(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try Process.current.value.openFiles.value.file(call.first.asInt32)
    if file.value.flags.contains(.path) { throw .badFileDescriptor }
    throw .inappropriateIOCTLForDevice
}
