import Formats
import LinuxABI
import Machine
import MemoryModel

/// What `stat`, `statx` and `statfs` tell.
extension Inode {
    /// The number of the one file system: the device that all files are on. Number 1 is that of
    /// shared memory, as on Linux.
    static var device: UInt64 { 2 }
}

extension Handle where T == Inode {
    var status: FileStatus {
        var status = FileStatus()
        status.device = Inode.device
        status.inode = value.number
        status.mode = value.mode.rawValue
        status.linkCount = value.linkCount
        status.userID = value.userID
        status.groupID = value.groupID
        status.blockSize = Int32(Granule.size.rawValue)
        if isProc {
            status.device = Inode.procDevice
            // fs/proc/root.c, proc_fill_super
            status.blockSize = 1024
        }
        if case .regular(let file) = value.content, file.hugePageSize > 0 {
            // fs/hugetlbfs/inode.c, hugetlbfs_fill_super: s_blocksize
            status.blockSize = Int32(truncatingIfNeeded: file.hugePageSize)
        }
        status.accessTime = TimeSpecification(time: value.accessTime)
        status.modificationTime = TimeSpecification(time: value.modificationTime)
        status.changeTime = TimeSpecification(time: value.changeTime)
        switch value.content {
        case .regular:
            status.size = Int64(fileSize)
            status.blockCount = Int64(filePages * (Granule.size.rawValue / 512))
        case .directory(let directory):
            // mm/shmem.c, BOGO_DIRENT_SIZE: `.` and `..` count too.
            status.size = directory.source == .programs ? (Int64(directory.count) + 2) * 20 : 0
        case .symbolicLink(let target):
            status.size = Int64(target.count)
        case .proc:
            break
        case .device(let number):
            // Huge encoding of user space: 8 bits of minor, 12 of major, 12 more of minor (include/linux/kdev_t.h).
            let minor = number & 0xFFFF_FFFF
            status.specialDevice = minor & 0xFF | (number >> 32) << 8 | (minor & ~0xFF) << 12
        }
        return status
    }
}

extension TimeSpecification {
    /// A time in nanoseconds since 1970, before or after.
    init(time: Int64) {
        self.init()
        let (quotient, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
        seconds = rest < 0 ? quotient - 1 : quotient
        nanoseconds = rest < 0 ? rest + 1_000_000_000 : rest
    }
}

func fileStatusAtPath(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.fourth.asUInt32
    guard flags & ~(AtFlags.noFollow | AtFlags.noAutomount | AtFlags.emptyPath) == 0 else { throw .invalidArgument }
    return try store(status(at: call.first, path: call.second, flags), at: call.third)
}

func fileStatus(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try store(status(ofFile: call.first), at: call.second)
}

/// `statx`: everything is told that `stat` tells, whatever was asked for.
func extendedStatus(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.third.asUInt32
    let synchronisation = AtFlags.forceSync | AtFlags.dontSync
    // STATX__RESERVED is bit 31.
    guard call.fourth.asUInt32 >> 31 == 0, flags & synchronisation != synchronisation,
        flags & ~(AtFlags.noFollow | AtFlags.noAutomount | AtFlags.emptyPath | synchronisation) == 0
    else { throw .invalidArgument }
    let status = try status(at: call.first, path: call.second, flags)
    var result = ExtendedFileStatus()
    // STATX_BASIC_STATS.
    result.mask = 0x7FF
    result.blockSize = UInt32(bitPattern: status.blockSize)
    result.linkCount = status.linkCount
    result.userID = status.userID
    result.groupID = status.groupID
    result.mode = UInt16(truncatingIfNeeded: status.mode)
    result.inode = status.inode
    result.size = UInt64(status.size)
    result.blockCount = UInt64(status.blockCount)
    result.accessTime = ExtendedTimestamp(status.accessTime)
    result.changeTime = ExtendedTimestamp(status.changeTime)
    result.modificationTime = ExtendedTimestamp(status.modificationTime)
    result.specialDeviceMajor = UInt32(truncatingIfNeeded: status.specialDevice >> 8 & 0xFFF)
    result.specialDeviceMinor = UInt32(
        truncatingIfNeeded: status.specialDevice & 0xFF | status.specialDevice >> 12 & 0xF_FF00)
    result.deviceMinor = UInt32(truncatingIfNeeded: status.device)
    return try store(result, at: call.fifth)
}

extension ExtendedTimestamp {
    fileprivate init(_ time: TimeSpecification) {
        self.init()
        seconds = time.seconds
        nanoseconds = UInt32(truncatingIfNeeded: time.nanoseconds)
    }
}

private func store<Status: BitwiseCopyable>(_ status: Status, at pointer: UInt64) throws(Errno) -> UInt64 {
    try UserPointer(pointer).store(status)
    return 0
}

private func status(at descriptor: UInt64, path: UInt64, _ flags: UInt32) throws(Errno) -> FileStatus {
    if try isDescriptorItself(descriptor, path, flags) { return try status(ofFile: descriptor) }
    return try inode(at: descriptor, path: path, flags: flags).status
}

private func status(ofFile descriptor: UInt64) throws(Errno) -> FileStatus {
    let file = try Process.current.value.openFiles.value.file(descriptor.asInt32)
    var status = FileStatus()
    switch file.value.kind {
    case .inode(let inode):
        return inode.status
    case .proc(let reader):
        return reader.value.inode.status
    case .input, .output, .pipe:
        // A stream to the host looks like a pipe, which is what it is.
        status.mode = FileMode(.fifo, permissions: 0o600).rawValue
        status.blockSize = Int32(Granule.size.rawValue)
    case .process:
        // A file of no type (fs/anon_inodes.c).
        status.mode = 0o600
        status.blockSize = Int32(Granule.size.rawValue)
    case .device(let device):
        status.mode = FileMode(.characterDevice, permissions: 0o666).rawValue
        status.specialDevice = 1 << 8 | UInt64(device.rawValue)
        status.blockSize = Int32(Granule.size.rawValue)
    }
    status.linkCount = 1
    return status
}

func fileSystemStatusAtPath(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let current = UInt64(result: Int64(AtFlags.currentDirectory))
    let inode = try inode(at: current, path: call.first, followsLast: true)
    return try storeFileSystemStatus(isProc: inode.isProc, at: call.second)
}

func fileSystemStatus(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    let isProc =
        switch file.value.kind {
        case .proc: true
        case .inode(let inode): inode.isProc
        default: false
        }
    return try storeFileSystemStatus(isProc: isProc, at: call.second)
}

private func storeFileSystemStatus(isProc: Bool, at pointer: UInt64) throws(Errno) -> UInt64 {
    var status = FileSystemStatus()
    if isProc {
        // PROC_SUPER_MAGIC (include/uapi/linux/magic.h); it has no blocks.
        status.type = 0x9FA0
        status.blockSize = Int64(Granule.size.rawValue)
        status.maximumName = 255
        status.fragmentSize = status.blockSize
        status.flags = 0x20
        return try store(status, at: pointer)
    }
    let free = kernel.frames.withLock { $0.freeFrames }
    // TMPFS_MAGIC (include/uapi/linux/magic.h).
    status.type = 0x0102_1994
    status.blockSize = Int64(Granule.size.rawValue)
    status.blocks = kernel.totalFrames
    status.freeBlocks = free - min(free, FileSystem.reservedFrames)
    status.availableBlocks = status.freeBlocks
    status.number = Inode.device
    status.maximumName = 255
    status.fragmentSize = status.blockSize
    // ST_VALID (include/linux/statfs.h).
    status.flags = 0x20
    return try store(status, at: pointer)
}
