import Formats
import LinuxABI
import Machine

// Calls that make, remove and change names. Which error wins follows Linux fs/namei.c.

/// A name that a call is to make or to remove: where the walk along its path ended.
private struct NamePlace {
    let walk: PathWalk
    let last: LastComponent

    init(_ path: Handle<PathBuffer>, _ count: Int, at descriptor: UInt64) throws(Errno) {
        let start = try startingDirectory(descriptor, path, count)
        var walk = PathWalk(path, count: count, from: start)
        last = try walk.goToLast()
        self.walk = walk
    }

    var directory: Handle<Inode> { walk.directory }

    /// The name for something new (filename_create): EEXIST where it is taken or is none, ENOENT for a slash behind the
    /// name of what is no directory.
    func newName(forDirectory isDirectory: Bool) throws(Errno) -> Range<Int> {
        guard case .name(let name) = last else { throw .fileExists }
        if try walk.findEntry(name) != nil { throw .fileExists }
        if walk.endsWithSlash && !isDirectory { throw .noSuchFileOrDirectory }
        return name
    }
}

/// Copies a path from the program and finds the place of its last name.
private func withPlace<Result>(
    at descriptor: UInt64, path: UInt64, _ body: (NamePlace) throws(Errno) -> Result
) throws(Errno) -> Result {
    try withPath(path) { (buffer, count) throws(Errno) in try body(NamePlace(buffer, count, at: descriptor)) }
}

/// The same for two paths; both are copied before either is looked at.
private func withPlaces<Result>(
    _ first: (descriptor: UInt64, path: UInt64), _ second: (descriptor: UInt64, path: UInt64),
    _ body: (NamePlace, NamePlace) throws(Errno) -> Result
) throws(Errno) -> Result {
    try withPath(first.path) { (firstBuffer, firstCount) throws(Errno) in
        try withPath(second.path) { (secondBuffer, secondCount) throws(Errno) in
            let place = try NamePlace(firstBuffer, firstCount, at: first.descriptor)
            return try body(place, NamePlace(secondBuffer, secondCount, at: second.descriptor))
        }
    }
}

func makeDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try withPlace(at: call.first, path: call.second) { (place) throws(Errno) in
        let name = try place.newName(forDirectory: true)
        let permissions = creationMode(call.third.asUInt32) & 0o1777
        let mode = FileMode(.directory, permissions: permissions)
        try makeFile(place.walk.bytes(name), in: place.directory, mode, .directory(Directory()))
        return 0
    }
}

/// `mknodat`: regular files and device nodes. Pipes and sockets with names are not there: EPERM, as from a file system
/// without them.
func makeNode(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let asked = FileMode(rawValue: call.third.asUInt32)
    // No type at all means a regular file (fs/namei.c, may_mknod).
    let type = asked.rawValue & 0o170000 == 0 ? .regular : asked.type
    let content: InodeContent
    switch type {
    case .regular: content = .regular(RegularFile())
    case .characterDevice, .blockDevice:
        // The new encoding: 12 bits of major number between the minor's 8 and 12 (include/linux/kdev_t.h).
        let number = UInt64(call.fourth.asUInt32)
        content = .device((number >> 8 & 0xFFF) << 32 | number & 0xFF | number >> 12 & 0xF_FF00)
    case .directory: throw .notPermitted
    case .fifo, .socket: throw .notPermitted
    case .symbolicLink, .unknown: throw .invalidArgument
    }
    return try withPlace(at: call.first, path: call.second) { (place) throws(Errno) in
        let name = try place.newName(forDirectory: false)
        let mode = FileMode(type, permissions: creationMode(asked.permissions))
        try makeFile(place.walk.bytes(name), in: place.directory, mode, content)
        return 0
    }
}

func makeSymbolicLink(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try withPath(call.first) { (target, count) throws(Errno) in
        try withPlace(at: call.second, path: call.third) { (place) throws(Errno) in
            let name = try place.newName(forDirectory: false)
            let text = try fileSystem.texts.keep(target.value.bytes.span.extracting(0..<count))
            do throws(Errno) {
                let mode = FileMode(.symbolicLink, permissions: 0o777)
                try makeFile(place.walk.bytes(name), in: place.directory, mode, .symbolicLink(text))
                return 0
            } catch {
                fileSystem.texts.discard(text)
                throw error
            }
        }
    }
}

/// `linkat`.
func makeHardLink(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.fifth.asUInt32
    guard flags & ~(AtFlags.follow | AtFlags.emptyPath) == 0 else { throw .invalidArgument }
    return try withPath(call.second, allowsEmpty: flags & AtFlags.emptyPath != 0) { (source, count) throws(Errno) in
        try withPath(call.fourth) { (buffer, secondCount) throws(Errno) in
            let start = try startingDirectory(call.first, source, count)
            let inode = try resolve(source, count: count, from: start, followsLast: flags & AtFlags.follow != 0)
            let place = try NamePlace(buffer, secondCount, at: call.third)
            let name = try place.newName(forDirectory: false)
            // Another file system comes before what can't be linked (fs/namei.c, do_linkat).
            if place.directory.isKernelsDirectory { throw .noSuchFileOrDirectory }
            if inode.isProc { throw .improperLink }
            if inode.value.isDirectory { throw .notPermitted }
            if inode.value.linkCount == 0 {
                // Only what never had a name may get one (fs/namei.c, vfs_link; O_TMPFILE).
                guard inode.value.type == .regular, inode.value.file.isLinkable else { throw .noSuchFileOrDirectory }
            }
            try link(inode, as: place.walk.bytes(name), in: place.directory)
            if inode.value.type == .regular { inode.value.file.isLinkable = false }
            return 0
        }
    }
}

/// `unlinkat`: a file's name, or with AT_REMOVEDIR an empty directory's.
func removeFile(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = call.third.asUInt32
    guard flags & ~AtFlags.removeDirectory == 0 else { throw .invalidArgument }
    return try withPlace(at: call.first, path: call.second) { (place) throws(Errno) in
        let entry = try flags == 0 ? file(toRemove: place) : directory(toRemove: place)
        if place.directory.isKernelsDirectory {
            // fs/proc/proc_sysctl.c, proc_sys_permission: nobody may write those directories.
            throw place.directory.isSettingsDirectory ? .permissionDenied : .notPermitted
        }
        removeName(entry)
        return 0
    }
}

private func file(toRemove place: NamePlace) throws(Errno) -> Handle<DirectoryEntry> {
    guard case .name(let name) = place.last else { throw .isDirectory }
    guard let entry = try place.walk.findEntry(name) else { throw .noSuchFileOrDirectory }
    let isDirectory = entry.value.inode.value.isDirectory
    if place.walk.endsWithSlash { throw isDirectory ? .isDirectory : .notDirectory }
    if isDirectory { throw .isDirectory }
    return entry
}

private func directory(toRemove place: NamePlace) throws(Errno) -> Handle<DirectoryEntry> {
    switch place.last {
    case .none: throw .resourceBusy
    case .dot: throw .invalidArgument
    case .dotDot: throw .directoryNotEmpty
    case .name(let name):
        guard let entry = try place.walk.findEntry(name) else { throw .noSuchFileOrDirectory }
        guard entry.value.inode.value.isDirectory else { throw .notDirectory }
        // A place where a file system is, to a program.
        if entry.value.inode.isKernelsDirectory, !place.directory.isKernelsDirectory { throw .resourceBusy }
        guard entry.value.inode.value.directory.count == 0 else { throw .directoryNotEmpty }
        return entry
    }
}

/// `renameat2`; `renameat` is the same without flags.
func rename(_ call: SystemCallArguments, _ flags: RenameFlags) throws(Errno) -> UInt64 {
    guard flags.subtracting(.noReplace | .exchange | .whiteout).isEmpty,
        !flags.contains(.exchange) || !flags.intersects(.noReplace | .whiteout)
    else { throw .invalidArgument }
    // What only overlay file systems use; a file system without it says so (fs/namei.c, vfs_rename).
    if flags.contains(.whiteout) { throw .invalidArgument }
    return try withPlaces((call.first, call.second), (call.third, call.fourth)) { (source, target) throws(Errno) in
        guard case .name(let oldName) = source.last else { throw .resourceBusy }
        guard case .name(let newName) = target.last else { throw flags.contains(.noReplace) ? .fileExists : .resourceBusy }
        guard let entry = try source.walk.findEntry(oldName) else { throw .noSuchFileOrDirectory }
        let other = try target.walk.findEntry(newName)
        let isExchange = flags.contains(.exchange)
        try checkRename(source, target, entry, other, flags)
        let inode = entry.value.inode
        // Two names of one file: nothing to be done (rename(2)).
        if let other, other.value.inode == inode { return 0 }
        if isExchange {
            if let other { exchange(entry, other) }
            return 0
        }
        if let other { try checkVictim(other.value.inode, for: inode) }
        try move(entry, to: target.walk.bytes(newName), in: target.directory, replacing: other)
        return 0
    }
}

/// What Linux's do_renameat2 looks at before anything is tried, in its order.
private func checkRename(
    _ source: NamePlace, _ target: NamePlace, _ entry: Handle<DirectoryEntry>, _ other: Handle<DirectoryEntry>?,
    _ flags: RenameFlags
) throws(Errno) {
    let isExchange = flags.contains(.exchange)
    let isWithinProc = source.directory.isKernelsDirectory
    guard isWithinProc == target.directory.isKernelsDirectory else { throw .improperLink }
    if isWithinProc { throw other == nil ? .noSuchFileOrDirectory : .notPermitted }
    if entry.value.inode.isKernelsDirectory { throw .resourceBusy }
    if let other, other.value.inode.isKernelsDirectory { throw .resourceBusy }
    if flags.contains(.noReplace), other != nil { throw .fileExists }
    if isExchange {
        guard let other else { throw .noSuchFileOrDirectory }
        if !other.value.inode.value.isDirectory, target.walk.endsWithSlash { throw .notDirectory }
    }
    if !entry.value.inode.value.isDirectory {
        if source.walk.endsWithSlash || !isExchange && target.walk.endsWithSlash { throw .notDirectory }
    }
    // A directory can't go into itself, nor take the place of one that it lies in.
    if entry.value.inode.value.isDirectory, target.directory.isOrLies(below: entry.value.inode) {
        throw .invalidArgument
    }
    if let other, other.value.inode.value.isDirectory, source.directory.isOrLies(below: other.value.inode) {
        throw isExchange ? .invalidArgument : .directoryNotEmpty
    }
}

/// Whether a file may take another one's name (fs/namei.c, may_delete).
private func checkVictim(_ victim: Handle<Inode>, for inode: Handle<Inode>) throws(Errno) {
    if inode.value.isDirectory {
        guard victim.value.isDirectory else { throw .notDirectory }
        guard victim.value.directory.count == 0 else { throw .directoryNotEmpty }
    } else if victim.value.isDirectory {
        throw .isDirectory
    }
}
