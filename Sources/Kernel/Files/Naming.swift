import Formats
import LinuxABI
import Machine

// Making, removing and renaming. Each takes what it needs before the first change, so that an error changes nothing.

/// Makes a file of any kind with a name that the directory has not.
/// - Throws: ENOENT in a deleted directory, ENOSPC, ENOMEM.
@discardableResult
func makeFile(
    _ name: Span<UInt8>, in directory: Handle<Inode>, _ mode: FileMode, _ content: InodeContent
) throws(Errno) -> Handle<Inode> {
    // Nor does a directory of the kernel's take any (fs/proc/generic.c: there is no create).
    guard !directory.isDeleted, !directory.isKernelsDirectory else { throw .noSuchFileOrDirectory }
    try fileSystem.checkRoomForNames()
    let inode = try insertFile(name, in: directory, mode, content)
    inheritGroup(inode, from: directory)
    return inode
}

/// A new file in a directory that sets the group ID has its group, and a directory the same mark (fs/inode.c,
/// inode_init_owner).
func inheritGroup(_ inode: Handle<Inode>, from directory: Handle<Inode>) {
    guard directory.value.mode.permissions & 0o2000 != 0 else { return }
    inode.value.groupID = directory.value.groupID
    if inode.value.isDirectory {
        inode.value.mode = FileMode(.directory, permissions: inode.value.mode.permissions | 0o2000)
    }
}

/// Makes a file of any kind with a name that the directory has not, and is not asked whether it may have. ENOMEM.
func insertFile(
    _ name: Span<UInt8>, in directory: Handle<Inode>, _ mode: FileMode, _ content: InodeContent
) throws(Errno) -> Handle<Inode> {
    let text = try fileSystem.texts.keep(name)
    let inode: Handle<Inode>
    do throws(Errno) {
        inode = try fileSystem.makeInode(mode, content)
    } catch {
        fileSystem.texts.discard(text)
        throw error
    }
    do throws(Errno) {
        fileSystem.insert(try fileSystem.makeEntry(text, in: directory, for: inode))
    } catch {
        // Its content is the caller's to give back.
        fileSystem.inodes.destroy(inode)
        throw error
    }
    directory.value.noteModification()
    return inode
}

/// Makes a file that no name leads to, and that is told of by one which looks deleted. ENOSPC, ENOMEM.
func makeNameless(
    _ mode: FileMode, _ content: InodeContent, in directory: Handle<Inode>,
    named: (Handle<Inode>) throws(Errno) -> StoredText
) throws(Errno) -> Handle<Inode> {
    try fileSystem.checkRoomForNames()
    let inode = try fileSystem.makeInode(mode, content)
    do throws(Errno) {
        let entry = try fileSystem.makeEntry(named(inode), in: directory, for: inode)
        entry.value.isDeleted = true
        fileSystem.retain(directory)
        inode.value.name = entry
        return inode
    } catch {
        fileSystem.inodes.destroy(inode)
        throw error
    }
}

/// Removes a name (`unlink`, `rmdir`): what it leads to goes when nobody uses it any more.
func removeName(_ entry: Handle<DirectoryEntry>) {
    let inode = entry.value.inode
    let directory = entry.value.directory
    fileSystem.remove(entry)
    inode.value.noteChange()
    directory.value.noteModification()
    fileSystem.discardIfUnused(inode)
}

/// Gives a file another name, which the directory has not; neither is the kernel's. ENOENT, ENOSPC, ENOMEM.
func link(_ inode: Handle<Inode>, as name: Span<UInt8>, in directory: Handle<Inode>) throws(Errno) {
    guard !directory.isDeleted else { throw .noSuchFileOrDirectory }
    try fileSystem.checkRoomForNames()
    let text = try fileSystem.texts.keep(name)
    fileSystem.insert(try fileSystem.makeEntry(text, in: directory, for: inode))
    inode.value.noteChange()
    directory.value.noteModification()
}

/// Moves a name to another place, where it may take another one's. The caller has checked that both can be done.
/// - Throws: ENOENT in a deleted directory, ENOSPC for a longer name, ENOMEM.
func move(
    _ entry: Handle<DirectoryEntry>, to name: Span<UInt8>, in directory: Handle<Inode>,
    replacing victim: Handle<DirectoryEntry>?
) throws(Errno) {
    guard !directory.isDeleted else { throw .noSuchFileOrDirectory }
    if name.count > entry.value.name.count { try fileSystem.checkRoomForNames() }
    let text = try fileSystem.texts.keep(name)
    if let victim { removeName(victim) }
    let source = entry.value.directory
    fileSystem.detach(entry)
    fileSystem.texts.discard(entry.value.name)
    entry.value.name = text
    entry.value.directory = directory
    entry.value.hash = NameTable.hash(text.bytes, in: directory)
    fileSystem.attach(entry)
    entry.value.inode.value.noteChange()
    source.value.noteModification()
    directory.value.noteModification()
}

/// Has each of two names lead to what the other one led to (`RENAME_EXCHANGE`).
func exchange(_ first: Handle<DirectoryEntry>, _ second: Handle<DirectoryEntry>) {
    let inode = first.value.inode
    let other = second.value.inode
    fileSystem.lead(first, to: other)
    fileSystem.lead(second, to: inode)
    if inode.value.name == first { inode.value.name = second }
    if other.value.name == second { other.value.name = first }
    inode.value.noteChange()
    other.value.noteChange()
    first.value.directory.value.noteModification()
    second.value.directory.value.noteModification()
}

extension FileSystem {
    /// Changes what an entry leads to, and its directory's count of subdirectories with it.
    fileprivate func lead(_ entry: Handle<DirectoryEntry>, to inode: Handle<Inode>) {
        if entry.value.inode.value.isDirectory { entry.value.directory.value.linkCount -= 1 }
        entry.value.inode = inode
        if inode.value.isDirectory { entry.value.directory.value.linkCount += 1 }
    }
}

extension Handle where T == Inode {
    /// Whether this directory is another one or lies somewhere below it.
    func isOrLies(below other: Handle<Inode>) -> Bool {
        var directory = self
        while directory != other {
            let parent = directory.parentDirectory
            if parent == directory { return false }
            directory = parent
        }
        return true
    }
}
