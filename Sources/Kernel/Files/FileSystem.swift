import Formats
import LinuxABI
import Machine
import MemoryModel

/// The file system: directories and files in RAM, which at boot are the initial ramdisk's.
///
/// The rules are those of Linux's tmpfs for its root user. Files' contents are objects (``ObjectTable``), so that
/// `read`, `write` and mappings see the same pages.
struct FileSystem: ~Copyable {
    var inodes: KernelPool<Inode>
    var entries = KernelPool<DirectoryEntry>()
    var texts = TextStore()
    var names: NameTable
    let root: Handle<Inode>
    private var lastNumber: UInt64 = 1
    /// Inodes whose last name and user are gone, and which a mapping may still show: they tell its path.
    private var firstOrphan: Handle<Inode>?
    private var lastOrphan: Handle<Inode>?
    private var orphanCount: UInt64 = 0

    private init(root: Handle<Inode>, inodes: consuming KernelPool<Inode>, names: consuming NameTable) {
        self.root = root
        self.inodes = inodes
        self.names = names
    }

    /// A file system with an empty root directory; ENOMEM.
    static func make() throws(Errno) -> FileSystem {
        var inodes = KernelPool<Inode>()
        let mode = FileMode(.directory, permissions: 0o755)
        let root = try inodes.make(Inode(number: 1, mode: mode, linkCount: 2, time: 0, content: .directory(Directory())))
        // The root is nobody's to lose.
        root.value.references = 1
        return FileSystem(root: root, inodes: inodes, names: try NameTable())
    }

    /// ENOSPC where no more names and inodes can be had, of which a program may make as many as it likes (there, mm/shmem.c,
    /// nr_inodes).
    func checkRoomForNames() throws(Errno) {
        guard FileSystem.hasRoom(leaving: FileSystem.framesReservedFromNames) else { throw .noSpace }
    }

    // MARK: Inodes

    /// Makes an inode without a name and without a user; the caller gives it one of them, or takes it back by
    /// ``release(_:)`` after taking a reference. ENOMEM.
    mutating func makeInode(
        _ mode: FileMode, _ content: InodeContent, time: Int64 = Inode.now
    ) throws(Errno) -> Handle<Inode> {
        lastNumber += 1
        sweepOrphans(limit: 2)
        // A directory's first link is its own name for itself.
        return try inodes.make(
            Inode(
                number: lastNumber, mode: mode, linkCount: mode.type == .directory ? 1 : 0, time: time,
                content: content))
    }

    /// One more use of an inode.
    func retain(_ inode: Handle<Inode>) { inode.value.references += 1 }

    /// One use less; what nothing leads to any more goes.
    mutating func release(_ inode: Handle<Inode>) {
        precondition(inode.value.references > 0, "a reference that was held")
        inode.value.references -= 1
        // What only a mapping keeps has given up its object already; the sweep takes it.
        if !inode.value.isOrphan { discardIfUnused(inode) }
    }

    /// Takes away an inode that has neither a name nor a user, and the directories that only its deleted name kept.
    mutating func discardIfUnused(_ inode: Handle<Inode>) {
        // A loop, not a recursion: a chain of deleted directories is as long as a program likes.
        var next: Handle<Inode>? = inode
        while let inode = next, inode.value.references == 0 {
            if inode.value.linkCount > 0 {
                // It keeps its names; a deleted one that nobody can ask for any more goes. Who maps it can.
                if isMapped(inode) { return }
                next = dropDeletedName(of: inode)
                continue
            }
            switch inode.value.content {
            case .regular:
                if discardContent(of: inode) {
                    appendOrphan(inode)
                    return
                }
            case .symbolicLink(let target):
                texts.discard(target)
            case .directory, .device, .proc:
                break
            }
            next = dropDeletedName(of: inode)
            inodes.destroy(inode)
        }
    }

    /// Removes a deleted name that an inode is known by.
    /// - Returns: the name's directory, if the name was the last that kept it.
    private mutating func dropDeletedName(of inode: Handle<Inode>) -> Handle<Inode>? {
        guard let name = inode.value.name, name.value.isDeleted else { return nil }
        inode.value.name = nil
        let directory = name.value.directory
        destroy(name)
        directory.value.references -= 1
        return directory
    }

    /// Drops the handle to a file's object.
    /// - Returns: whether the object stays, which names the file as its owner: somebody still maps it, or works on it.
    private func discardContent(of inode: Handle<Inode>) -> Bool {
        guard let object = inode.value.file.object else { return false }
        return withObjects { objects, frames in
            objects.release(object, frames: &frames)
            return objects.exists(object)
        }
    }

    /// Takes away orphans that no mapping shows any more, looking at `limit` of them at most, each in its turn.
    mutating func sweepOrphans(limit: UInt64 = .max) {
        for _ in 0..<min(limit, orphanCount) {
            guard let inode = takeOrphan() else { return }
            if inode.value.references > 0 || isMapped(orphan: inode) {
                appendOrphan(inode)
                continue
            }
            let directory = dropDeletedName(of: inode)
            inodes.destroy(inode)
            if let directory { discardIfUnused(directory) }
        }
    }

    private mutating func appendOrphan(_ inode: Handle<Inode>) {
        inode.value.nextOrphan = nil
        inode.value.isOrphan = true
        if let lastOrphan { lastOrphan.value.nextOrphan = inode } else { firstOrphan = inode }
        lastOrphan = inode
        orphanCount += 1
    }

    private mutating func takeOrphan() -> Handle<Inode>? {
        guard let inode = firstOrphan else { return nil }
        firstOrphan = inode.value.nextOrphan
        if firstOrphan == nil { lastOrphan = nil }
        orphanCount -= 1
        return inode
    }

    private func isMapped(_ inode: Handle<Inode>) -> Bool {
        guard case .regular(let file) = inode.value.content, let object = file.object else { return false }
        return withObjects { objects, _ in objects.mappedPages(of: object) > 0 }
    }

    /// An orphan's object lives as long as it is mapped, and names the orphan as its owner; its number may be another's
    /// by now.
    private func isMapped(orphan inode: Handle<Inode>) -> Bool {
        guard let object = inode.value.file.object else { return false }
        return withObjects { objects, _ in objects.exists(object) && objects.owner(of: object) == inode.address }
    }

    // MARK: Names

    /// The entry of a name in a directory.
    func entry(_ name: Span<UInt8>, in directory: Handle<Inode>) -> Handle<DirectoryEntry>? {
        names.entry(name, in: directory)
    }

    /// Makes a name that is in no directory yet. ENOMEM.
    mutating func makeEntry(
        _ name: StoredText, in directory: Handle<Inode>, for inode: Handle<Inode>
    ) throws(Errno) -> Handle<DirectoryEntry> {
        do throws(Errno) {
            return try entries.make(DirectoryEntry(name: name, directory: directory, inode: inode))
        } catch {
            texts.discard(name)
            throw error
        }
    }

    /// Gives an inode one name more, which the directory has not yet.
    mutating func insert(_ entry: Handle<DirectoryEntry>) {
        attach(entry)
        let inode = entry.value.inode
        inode.value.linkCount += 1
        know(inode, by: entry)
    }

    /// Puts an entry at the end of its directory's list and into the table.
    mutating func attach(_ entry: Handle<DirectoryEntry>) {
        let directory = entry.value.directory
        var listing = directory.value.directory
        entry.value.position = listing.nextPosition
        entry.value.previous = listing.last
        entry.value.next = nil
        if let last = listing.last { last.value.next = entry } else { listing.first = entry }
        listing.last = entry
        listing.nextPosition += 1
        listing.count += 1
        directory.value.directory = listing
        names.insert(entry)
        if entry.value.inode.value.isDirectory { directory.value.linkCount += 1 }
    }

    /// Takes a name out of its directory; it stays with its inode, as a deleted one, where that is known by it and in use.
    /// The caller calls ``discardIfUnused(_:)`` for the inode afterwards.
    mutating func remove(_ entry: Handle<DirectoryEntry>) {
        detach(entry)
        let inode = entry.value.inode
        // A directory's own name for itself goes with it.
        inode.value.linkCount = inode.value.isDirectory ? 0 : inode.value.linkCount - 1
        guard inode.value.name == entry else {
            destroy(entry)
            return
        }
        entry.value.isDeleted = true
        retain(entry.value.directory)
    }

    /// Takes an entry out of its directory's list and the table.
    mutating func detach(_ entry: Handle<DirectoryEntry>) {
        names.remove(entry)
        let directory = entry.value.directory
        var listing = directory.value.directory
        let previous = entry.value.previous
        let next = entry.value.next
        if let previous { previous.value.next = next } else { listing.first = next }
        if let next { next.value.previous = previous } else { listing.last = previous }
        listing.count -= 1
        listing.removals &+= 1
        directory.value.directory = listing
        entry.value.next = nil
        entry.value.previous = nil
        if entry.value.inode.value.isDirectory { directory.value.linkCount -= 1 }
    }

    /// Has an inode known by an entry that leads to it, where the name it was known by is gone.
    mutating func know(_ inode: Handle<Inode>, by entry: Handle<DirectoryEntry>) {
        if let name = inode.value.name {
            guard name.value.isDeleted else { return }
            if let directory = dropDeletedName(of: inode) { discardIfUnused(directory) }
        }
        inode.value.name = entry
    }

    private mutating func destroy(_ entry: Handle<DirectoryEntry>) {
        texts.discard(entry.value.name)
        entries.destroy(entry)
    }
}

/// Works on objects, with the frames at hand.
@inline(__always)
func withObjects<Result, Failure: Error>(
    _ body: (ObjectTable<RealMachine>, inout FrameAllocator<RealMachine>) throws(Failure) -> Result
) throws(Failure) -> Result {
    try kernel.frames.withLock { (frames) throws(Failure) in
        let objects = kernel.objects(frames)
        return try body(objects, &frames)
    }
}
