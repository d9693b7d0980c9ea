import Formats
import LinuxABI
import Machine

/// Finds what a directory descriptor and a path name, as the `…at` calls do.
private func node(
    at descriptor: UInt64, path pointer: UInt64, followsLast: Bool, allowsEmpty: Bool = false
) throws(Errno) -> RamdiskNode {
    try withPath(pointer, allowsEmpty: allowsEmpty) { (path, count) throws(Errno) in
        let isAbsolute = count > 0 && path.value.bytes[0] == UInt8(ascii: "/")
        let start = isAbsolute ? RamdiskNode.root : try directory(descriptor, allowsFile: count == 0)
        if count == 0 { return start }
        return try resolve(path, count: count, from: start, followsLast: followsLast)
    }
}

/// The node that relative paths start from. With an empty path, any file will do.
private func directory(_ descriptor: UInt64, allowsFile: Bool) throws(Errno) -> RamdiskNode {
    if descriptor.asInt32 == AtFlags.currentDirectory { return Process.current.value.workingDirectory }
    let file = try Process.current.value.openFiles.value.file(descriptor.asInt32)
    guard case .node(let node) = file.value.kind, allowsFile || node.type == .directory else { throw .notDirectory }
    return node
}

func openFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = OpenFlags(rawValue: call.third.asUInt32)
    let node: RamdiskNode
    do throws(Errno) {
        node = try nodeToOpen(call, flags: flags)
    } catch {
        // To make a file there must be a file system that can be written to.
        throw error == .noSuchFileOrDirectory && flags.contains(.create) ? .readOnlyFileSystem : error
    }
    if flags.contains(.create) && flags.contains(.exclusive) { throw .fileExists }
    if node.type == .symbolicLink && !flags.contains(.path) { throw .tooManySymbolicLinkLevels }
    if flags.contains(.directory) && node.type != .directory { throw .notDirectory }

    let kind: FileKind
    if let device = node.device {
        kind = .device(device)
    } else {
        let changes = flags.accessMode != 0 || flags.contains(.truncate)
        if changes && !flags.contains(.path) {
            throw node.type == .directory ? .isDirectory : .readOnlyFileSystem
        }
        guard node.type == .regular || node.type == .directory || flags.contains(.path) else {
            throw .noSuchAddressOrDevice
        }
        kind = .node(node)
    }
    // What fcntl(F_GETFL) shows: without the flags that only mattered here (O_CLOEXEC belongs to the descriptor).
    let kept = flags.subtracting(.create | .exclusive | .noControllingTerminal | .truncate | .closeOnExec)
    let file = try kernel.openFiles.make(OpenFile(kind, flags: kept))
    do throws(Errno) {
        let closesOnExec = flags.contains(.closeOnExec)
        return UInt64(try Process.current.value.openFiles.value.add(file, closesOnExec: closesOnExec))
    } catch {
        release(file)
        throw error
    }
}

private func nodeToOpen(_ call: SystemCallArguments, flags: OpenFlags) throws(Errno) -> RamdiskNode {
    let followsLast = !flags.contains(.noFollow) && !(flags.contains(.create) && flags.contains(.exclusive))
    return try node(at: call.first, path: call.second, followsLast: followsLast)
}

func fileStatusAtPath(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.fourth.asUInt32
    guard flags & ~(AtFlags.noFollow | AtFlags.noAutomount | AtFlags.emptyPath) == 0 else { throw .invalidArgument }
    let isEmptyAllowed = flags & AtFlags.emptyPath != 0
    if isEmptyAllowed, call.first.asInt32 >= 0, try UserPointer(call.second).load(UInt8(0)) == 0 {
        return try store(status: status(ofFile: call.first), at: call.third)
    }
    let node = try node(
        at: call.first, path: call.second, followsLast: flags & AtFlags.noFollow == 0, allowsEmpty: isEmptyAllowed)
    return try store(status: node.status, at: call.third)
}

func fileStatus(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try store(status: status(ofFile: call.first), at: call.second)
}

private func store(status: FileStatus, at pointer: UInt64) throws(Errno) -> UInt64 {
    try UserPointer(pointer).store(status)
    return 0
}

private func status(ofFile descriptor: UInt64) throws(Errno) -> FileStatus {
    let file = try Process.current.value.openFiles.value.file(descriptor.asInt32)
    var status = FileStatus()
    switch file.value.kind {
    case .node(let node):
        return node.status
    case .input, .output, .pipe:
        // A stream to the host looks like a pipe, which is what it is.
        status.mode = FileMode(.fifo, permissions: 0o600).rawValue
        status.blockSize = 4096
    case .device(let device):
        status.mode = FileMode(.characterDevice, permissions: 0o666).rawValue
        status.specialDevice = 1 << 8 | UInt64(device.rawValue)
        status.blockSize = 4096
    }
    status.linkCount = 1
    return status
}

func readLink(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.fourth.asInt32 > 0 else { throw .invalidArgument }
    var buffer = UserBuffer(call.third, count: UInt64(call.fourth.asUInt32))
    let target: RamdiskNode? = try withPath(call.second) { (path, count) throws(Errno) in
        path.value.bytes.span.extracting(0..<count).equals("/proc/self/exe") ? Process.current.value.program : nil
    }
    if let target {
        // The one name under /proc so far: C start-up code asks for it.
        return try buffer.writeAbsolutePath(target.path)
    }
    let node = try node(at: call.first, path: call.second, followsLast: false)
    guard node.type == .symbolicLink else { throw .invalidArgument }
    let bytes = kernel.ramdisk.bytes(node.content)
    let wanted = min(UInt64(bytes.count), buffer.count)
    let copied = buffer.write(bytes.extracting(0..<Int(wanted)))
    guard copied == wanted else { throw .badAddress }
    return copied
}

/// The only user is root, who may read everything; nothing can be written, and what has no execute bit can't be run.
func checkAccess(_ call: SystemCallArguments, flags: UInt32) throws(Errno) -> UInt64 {
    let mode = call.third.asUInt32
    guard mode & ~7 == 0, flags & ~(AtFlags.noFollow | AtFlags.effectiveAccess | AtFlags.emptyPath) == 0 else {
        throw .invalidArgument
    }
    let node = try node(
        at: call.first, path: call.second, followsLast: flags & AtFlags.noFollow == 0,
        allowsEmpty: flags & AtFlags.emptyPath != 0)
    // W_OK 2, X_OK 1 (include/uapi/linux/… unistd.h).
    if mode & 2 != 0 && node.device == nil { throw .readOnlyFileSystem }
    if mode & 1 != 0 && node.type == .regular && node.mode.permissions & 0o111 == 0 { throw .permissionDenied }
    return 0
}

func workingDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let path = Process.current.value.workingDirectory.path
    // The length that the call returns counts the leading slash and the NUL.
    let length = UInt64(path.count) + 2
    guard call.second >= length else { throw .outOfRange }
    var buffer = UserBuffer(call.first, count: call.second)
    _ = try buffer.writeAbsolutePath(path)
    guard buffer.writeByte(0) else { throw .badAddress }
    return length
}

func changeDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let current = UInt64(result: Int64(AtFlags.currentDirectory))
    let node = try node(at: current, path: call.first, followsLast: true)
    guard node.type == .directory else { throw .notDirectory }
    Process.current.value.workingDirectory = node
    return 0
}

func setFileCreationMask(_ call: SystemCallArguments) -> UInt64 {
    let previous = Process.current.value.fileCreationMask
    Process.current.value.fileCreationMask = call.first.asUInt32 & 0o777
    return UInt64(previous)
}

extension UserBuffer {
    /// Writes a slash and a path of the archive, cut where the buffer ends; EFAULT where it can't be written.
    fileprivate mutating func writeAbsolutePath(_ path: ByteRange) throws(Errno) -> UInt64 {
        guard writeByte(UInt8(ascii: "/")) else { throw .badAddress }
        let bytes = kernel.ramdisk.bytes(path)
        let wanted = min(UInt64(bytes.count), count)
        guard write(bytes.extracting(0..<Int(wanted))) == wanted else { throw .badAddress }
        return wanted + 1
    }
}
