import Formats
import LinuxABI
import Machine

/// Finds what a directory descriptor and a path name, as the `…at` calls do.
func inode(
    at descriptor: UInt64, path pointer: UInt64, followsLast: Bool, allowsEmpty: Bool = false
) throws(Errno) -> Handle<Inode> {
    try withPath(pointer, allowsEmpty: allowsEmpty) { (path, count) throws(Errno) in
        let start = try startingDirectory(descriptor, path, count)
        return try resolve(path, count: count, from: start, followsLast: followsLast)
    }
}

/// The same with the flags of the `…at` calls.
func inode(at descriptor: UInt64, path: UInt64, flags: UInt32) throws(Errno) -> Handle<Inode> {
    try inode(
        at: descriptor, path: path, followsLast: flags & AtFlags.noFollow == 0,
        allowsEmpty: flags & AtFlags.emptyPath != 0)
}

func readLink(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    guard call.fourth.asInt32 > 0 else { throw .invalidArgument }
    var buffer = UserBuffer(call.third, count: UInt64(call.fourth.asUInt32))
    let link = try inode(at: call.first, path: call.second, followsLast: false, allowsEmpty: true)
    if case .proc(let node) = link.value.content, link.value.type == .symbolicLink {
        switch try node.target() {
        case .number(let number): return try buffer.write(cutting: DecimalText(UInt64(number)).bytes)
        case .file(let file):
            return try file.withPathText { (text) throws(Errno) in try buffer.write(cutting: text) }
        }
    }
    guard case .symbolicLink(let target) = link.value.content else {
        // With an empty path the descriptor's own file is meant, and that must be a link (fs/stat.c, do_readlinkat).
        throw try UserPointer(call.second).load(UInt8(0)) == 0 ? .noSuchFileOrDirectory : .invalidArgument
    }
    link.value.noteAccess()
    return try buffer.write(cutting: target.bytes)
}

extension UserBuffer {
    /// Copies bytes as far as there is room; EFAULT where they can't be written.
    fileprivate mutating func write(cutting bytes: Span<UInt8>) throws(Errno) -> UInt64 {
        let wanted = min(UInt64(bytes.count), count)
        guard write(bytes.extracting(0..<Int(wanted))) == wanted else { throw .badAddress }
        return wanted
    }
}

/// The only user is root, who may read and write everything; what has no execute bit can't be run.
func checkAccess(_ call: SystemCallArguments, flags: UInt32) throws(Errno) -> UInt64 {
    let mode = call.third.asUInt32
    guard mode & ~7 == 0, flags & ~(AtFlags.noFollow | AtFlags.effectiveAccess | AtFlags.emptyPath) == 0 else {
        throw .invalidArgument
    }
    if try isDescriptorItself(call.first, call.second, flags) {
        guard case .inode = try Process.current.value.openFiles.value.file(call.first.asInt32).value.kind else { return 0 }
    }
    let inode = try inode(at: call.first, path: call.second, flags: flags)
    // X_OK 1 (include/uapi/linux/… unistd.h).
    if mode & 1 != 0 && !inode.value.isDirectory && inode.value.mode.permissions & 0o111 == 0 {
        throw .permissionDenied
    }
    return 0
}

/// Whether AT_EMPTY_PATH and an empty path mean the descriptor's own file, of whatever kind.
func isDescriptorItself(_ descriptor: UInt64, _ path: UInt64, _ flags: UInt32) throws(Errno) -> Bool {
    guard flags & AtFlags.emptyPath != 0, descriptor.asInt32 != AtFlags.currentDirectory else { return false }
    return try UserPointer(path).load(UInt8(0)) == 0
}

func workingDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let directory = Process.current.value.directory
    if directory.isDeleted { throw .noSuchFileOrDirectory }
    var buffer = UserBuffer(call.first, count: call.second)
    return try directory.withPathText { (text) throws(Errno) in
        // The length that the call returns counts the NUL.
        guard buffer.count > UInt64(text.count) else { throw .outOfRange }
        guard buffer.write(text) == UInt64(text.count), buffer.writeByte(0) else { throw .badAddress }
        return UInt64(text.count) + 1
    }
}

func changeDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let current = UInt64(result: Int64(AtFlags.currentDirectory))
    return try changeDirectory(to: inode(at: current, path: call.first, followsLast: true))
}

func changeDirectoryToFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    guard case .inode(let inode) = file.value.kind else { throw .notDirectory }
    return try changeDirectory(to: inode)
}

private func changeDirectory(to inode: Handle<Inode>) throws(Errno) -> UInt64 {
    guard inode.value.isDirectory else { throw .notDirectory }
    let previous = Process.current.value.directory
    fileSystem.retain(inode)
    Process.current.value.workingDirectory = inode
    fileSystem.release(previous)
    return 0
}

func setFileCreationMask(_ call: SystemCallArguments) -> UInt64 {
    let previous = Process.current.value.fileCreationMask
    Process.current.value.fileCreationMask = call.first.asUInt32 & 0o777
    return UInt64(previous)
}
