import Formats
import LinuxABI
import Machine

/// `openat` (fs/open.c, build_open_flags; fs/namei.c, path_openat).
func openFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    var flags = OpenFlags(rawValue: call.third.asUInt32)
    if flags.contains(.path) {
        flags = flags.intersection(.path | .directory | .noFollow | .closeOnExec)
    } else {
        // As of any program of 64 bits (fs/open.c, force_o_largefile).
        flags.insert(.largeFile)
    }
    if flags.intersects(.temporary) {
        // O_TMPFILE contains O_DIRECTORY, and a file that nobody can write is of no use.
        guard flags.contains(.temporaryFile), !flags.contains(.create), flags.accessMode == 1 || flags.accessMode == 2
        else { throw .invalidArgument }
    }
    // What Linux says since 6.4: before, it made a file and then called it no directory.
    if flags.contains(.create | .directory) { throw .invalidArgument }
    let files = Process.current.value.openFiles
    return try withPath(call.second) { (path, count) throws(Errno) in
        try files.value.checkRoom()
        let start = try startingDirectory(call.first, path, count)
        let file = try openFile(PathWalk(path, count: count, from: start), flags, permissions: call.fourth.asUInt32)
        return try addDescriptor(file, closesOnExec: flags.contains(.closeOnExec))
    }
}

/// Opens what a path leads to. The open file comes first: once a file is made, or cut to nothing, there is no want of
/// memory for it (fs/namei.c, path_openat).
private func openFile(
    _ walk: PathWalk, _ flags: OpenFlags, permissions: UInt32
) throws(Errno) -> Handle<OpenFile> {
    // What fcntl(F_GETFL) shows: without the flags that only mattered here (O_CLOEXEC belongs to the descriptor).
    let kept = flags.subtracting(.create | .exclusive | .noControllingTerminal | .truncate | .closeOnExec)
    let file = try kernel.openFiles.make(OpenFile(.device(.null), flags: kept))
    do throws(Errno) {
        let found = try find(walk, flags, permissions: permissions)
        // A file without a name goes again where it can't be opened.
        fileSystem.retain(found.inode)
        defer { fileSystem.release(found.inode) }
        file.value.kind = try kind(of: found, flags)
        switch file.value.kind {
        case .proc:
            fileSystem.retain(found.inode)
        case .inode:
            fileSystem.retain(found.inode)
            if file.value.isWritable, found.inode.value.type == .regular { found.inode.value.writers += 1 }
        default:
            break
        }
        return file
    } catch {
        kernel.openFiles.destroy(file)
        throw error
    }
}

/// What a path led to, and whether it was made just now.
private struct FoundFile {
    let inode: Handle<Inode>
    let isNew: Bool
}

/// Where a path begins: the working directory, or a descriptor's directory. An absolute path asks for neither.
func startingDirectory(
    _ descriptor: UInt64, _ path: Handle<PathBuffer>, _ count: Int
) throws(Errno) -> Handle<Inode> {
    if count > 0, path.value.bytes[0] == UInt8(ascii: "/") { return fileSystem.root }
    if descriptor.asInt32 == AtFlags.currentDirectory { return Process.current.value.directory }
    let file = try Process.current.value.openFiles.value.file(descriptor.asInt32)
    guard case .inode(let inode) = file.value.kind, inode.value.isDirectory || count == 0 else { throw .notDirectory }
    return inode
}

/// Finds the file that is to be opened, and makes it where that is asked for.
private func find(
    _ start: PathWalk, _ flags: OpenFlags, permissions: UInt32
) throws(Errno) -> FoundFile {
    var walk = start
    if flags.contains(.temporaryFile) {
        let directory = try walk.finish(followsLast: !flags.contains(.noFollow))
        return FoundFile(inode: try makeTemporaryFile(in: directory, flags, permissions: permissions), isNew: true)
    }
    guard flags.contains(.create) else {
        return FoundFile(inode: try walk.finish(followsLast: !flags.contains(.noFollow)), isNew: false)
    }
    let followsLast = !flags.contains(.exclusive) && !flags.contains(.noFollow)
    while true {
        guard case .name(let name) = try walk.goToLast(), !walk.endsWithSlash else { throw .isDirectory }
        guard let inode = try walk.find(name) else {
            let inode = try makeFile(
                walk.bytes(name), in: walk.directory, FileMode(.regular, permissions: creationMode(permissions)),
                .regular(RegularFile()))
            return FoundFile(inode: inode, isNew: true)
        }
        if inode.value.type == .symbolicLink, followsLast {
            try walk.follow(inode, behind: name)
            continue
        }
        if flags.contains(.exclusive) { throw .fileExists }
        if inode.value.isDirectory { throw .isDirectory }
        return FoundFile(inode: inode, isNew: false)
    }
}

/// The permissions of a new file: what was asked for, less the process's mask.
func creationMode(_ asked: UInt32) -> UInt32 { asked & 0o7777 & ~Process.current.value.fileCreationMask }

/// A file without a name (`O_TMPFILE`), which `linkat` may give one unless `O_EXCL` was said.
private func makeTemporaryFile(
    in directory: Handle<Inode>, _ flags: OpenFlags, permissions: UInt32
) throws(Errno) -> Handle<Inode> {
    guard directory.value.isDirectory else { throw .notDirectory }
    if directory.isKernelsDirectory { throw .notSupported }
    guard !directory.isDeleted else { throw .noSuchFileOrDirectory }
    var file = RegularFile()
    file.isLinkable = !flags.contains(.exclusive)
    let inode = try makeNameless(
        FileMode(.regular, permissions: creationMode(permissions)), .regular(file), in: directory
    ) { (inode) throws(Errno) in try fileSystem.texts.keep(decimal: inode.value.number, behind: "#") }
    inheritGroup(inode, from: directory)
    return inode
}

/// Gives a new open file a descriptor; it is closed again where there is none.
func addDescriptor(_ file: Handle<OpenFile>, closesOnExec: Bool) throws(Errno) -> UInt64 {
    do throws(Errno) {
        return UInt64(try Process.current.value.openFiles.value.add(file, closesOnExec: closesOnExec))
    } catch {
        release(file)
        throw error
    }
}

/// What an inode is when it is open; what stands against opening it (fs/namei.c, do_open and may_open).
private func kind(of found: FoundFile, _ flags: OpenFlags) throws(Errno) -> FileKind {
    let inode = found.inode
    if flags.contains(.directory), !flags.contains(.temporaryFile), !inode.value.isDirectory { throw .notDirectory }
    if flags.contains(.path) { return .inode(inode) }
    let writes = flags.accessMode != 0 || flags.contains(.truncate)
    switch inode.value.type {
    case .symbolicLink:
        throw .tooManySymbolicLinkLevels
    case .directory:
        if writes { throw .isDirectory }
        try refuseDirect(flags)
    case .regular:
        if writes, inode.value.writers < 0 { throw .textFileBusy }
        try refuseDirect(flags)
        if case .proc(let node) = inode.value.content {
            return .proc(try kernel.procReaders.make(ProcReader(node, inode)))
        }
        if flags.contains(.truncate), !found.isNew {
            try inode.withWriteAccess { () throws(Errno) in
                try inode.withContentLocked { () throws(Errno) in try inode.setFileSize(0) }
            }
        }
    case .characterDevice:
        guard let device = inode.value.characterDevice else { throw .noSuchAddressOrDevice }
        try refuseDirect(flags)
        return .device(device)
    case .fifo, .blockDevice, .socket, .unknown:
        throw .noSuchAddressOrDevice
    }
    return .inode(inode)
}

/// EINVAL for a file that is to be used past the page cache: none can (fs/open.c, do_dentry_open).
private func refuseDirect(_ flags: OpenFlags) throws(Errno) {
    if flags.contains(.direct) { throw .invalidArgument }
}
