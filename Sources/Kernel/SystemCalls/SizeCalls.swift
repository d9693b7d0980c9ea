import LinuxABI
import Machine

// Calls that change how large a file is and how much room it has.

func truncate(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let size = Int64(bitPattern: call.second)
    guard size >= 0 else { throw .invalidArgument }
    let current = UInt64(result: Int64(AtFlags.currentDirectory))
    let inode = try inode(at: current, path: call.first, followsLast: true)
    if inode.value.isDirectory { throw .isDirectory }
    // What has no size keeps none (fs/proc/generic.c, proc_notify_change).
    if inode.isProc { return 0 }
    guard inode.value.type == .regular else { throw .invalidArgument }
    try inode.withWriteAccess { () throws(Errno) in
        try inode.withContentLocked { () throws(Errno) in try inode.setFileSize(UInt64(size)) }
    }
    return 0
}

func truncateFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let size = Int64(bitPattern: call.second)
    guard size >= 0 else { throw .invalidArgument }
    let file = try heldFile(call.first)
    defer { release(file) }
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    guard case .inode(let inode) = file.value.kind, inode.value.type == .regular, file.value.isWritable else {
        throw .invalidArgument
    }
    try inode.withContentLocked { () throws(Errno) in try inode.setFileSize(UInt64(size)) }
    return 0
}

/// `fallocate` (fs/open.c, vfs_fallocate; mm/shmem.c, shmem_fallocate).
func allocateRoom(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    let mode = AllocationMode(rawValue: call.second.asUInt32)
    let offset = Int64(bitPattern: call.third)
    let count = Int64(bitPattern: call.fourth)
    guard offset >= 0, count > 0 else { throw .invalidArgument }
    guard mode.subtracting(.keepSize | .punchHole).isEmpty, mode != .punchHole else { throw .notSupported }
    guard file.value.isWritable else { throw .badFileDescriptor }
    let inode: Handle<Inode>
    switch file.value.kind {
    case .inode(let opened):
        guard !opened.value.isDirectory else { throw .isDirectory }
        inode = opened
    case .pipe, .input, .output: throw .illegalSeek
    case .device, .process: throw .operationNotSupportedByDevice
    // What has no content to be set aside (fs/open.c, vfs_fallocate).
    case .proc: throw .notSupported
    }
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, UInt64(end) <= Handle<Inode>.maximumFileSize else { throw .fileTooLarge }
    try inode.withContentLocked { () throws(Errno) in
        if mode.contains(.punchHole) {
            try inode.punchHole(from: UInt64(offset), to: UInt64(end))
        } else {
            try inode.allocate(from: UInt64(offset), to: UInt64(end), keepsSize: mode.contains(.keepSize))
        }
    }
    return 0
}

/// `fsync` and `fdatasync`: RAM is the only medium, so what was written is where it stays. Streams and pipes have none
/// (EINVAL).
func synchronizeFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    guard case .inode = file.value.kind else { throw .invalidArgument }
    return 0
}

/// `syncfs`.
func synchronizeFileSystem(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    return 0
}
