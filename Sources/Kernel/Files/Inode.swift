import LinuxABI
import Machine
import MemoryModel

/// A file, directory, link or device: what a name leads to, and what stays while it is open though its last name is
/// gone. Lives in a pool slot.
///
/// It goes when no name leads to it (``linkCount``) and nobody uses it (``references``); see ``FileSystem/release(_:)``.
struct Inode: ~Copyable, SleepinglyLocked {
    let number: UInt64
    var mode: FileMode
    /// Names that lead to it; a directory counts itself and its subdirectories too, as stat(2) shows.
    var linkCount: UInt32
    var userID: UInt32 = 0
    var groupID: UInt32 = 0
    /// Open files, working directories, running programs, and deleted names within it.
    var references: UInt32 = 0
    /// How often it is open for writing; less than zero where it runs as a program, which forbids that (ETXTBSY).
    var writers: Int32 = 0

    /// Of the content and size (Linux's `i_rwsem`).
    var sleepingLock = SleepingLock()

    /// Nanoseconds since 1970, before or after.
    var accessTime: Int64
    var modificationTime: Int64
    var changeTime: Int64

    /// A name that leads, or led, to it: how its path is told, and of a directory the way to `..`.
    var name: Handle<DirectoryEntry>?
    var content: InodeContent
    /// Whether it has neither a name nor a user any more, and only a mapping keeps its content.
    var isOrphan = false
    /// Next among the orphans.
    var nextOrphan: Handle<Inode>?

    init(number: UInt64, mode: FileMode, linkCount: UInt32, time: Int64, content: InodeContent) {
        self.number = number
        self.mode = mode
        self.linkCount = linkCount
        accessTime = time
        modificationTime = time
        changeTime = time
        self.content = content
    }

    var type: FileMode.FileType { mode.type }
    var isDirectory: Bool { mode.type == .directory }
}

/// What an inode is of.
enum InodeContent {
    case directory(Directory)
    case regular(RegularFile)
    case symbolicLink(StoredText)
    /// A device file: major number in the upper half, minor in the lower.
    case device(UInt64)
    /// What the kernel tells about itself, below `/proc`.
    case proc(ProcNode)
}

/// A directory's entries, in the order in which they came; they are found by name in the ``NameTable``.
struct Directory {
    var first: Handle<DirectoryEntry>?
    var last: Handle<DirectoryEntry>?
    /// The position that the next entry gets; `.` has 0 and `..` 1.
    var nextPosition: UInt64 = 2
    var count: UInt32 = 0
    /// Who makes its entries.
    var source = DirectorySource.programs
    /// Counts removals, so that who goes along the entries notices that his place may be gone.
    var removals: UInt32 = 0
}

/// A regular file's content: an object once its pages are asked for, until then bytes of the initial ramdisk or nothing.
struct RegularFile {
    /// The object that has the content; nil before its first use.
    var object: ObjectNumber?
    /// What `fcntl(F_ADD_SEALS)` forbade.
    var seals: FileSeals
    /// A link can be made to it though it has no name (`O_TMPFILE`).
    var isLinkable = false
    /// A shared mapping of it was made that may write; it may be gone again.
    var wasMappedWritably = false
    /// Bytes of the huge pages that its content would be in (`MFD_HUGETLB`); 0 for pages. There are none to give it, as on
    /// a Linux that has set none aside: such a file has a size, is zeroes, and can be neither written nor mapped.
    var hugePageSize: UInt64 = 0
    /// Where the initial ramdisk has the first bytes, and how many. Of no meaning once there is an object.
    var archiveAddress: UInt64 = 0
    var archiveSize: UInt64 = 0
    /// Bytes, while there is no object.
    var size: UInt64 = 0

    init(seals: FileSeals = .seal) { self.seals = seals }
}

extension Inode {
    /// The directory that it is.
    var directory: Directory {
        get {
            guard case .directory(let directory) = content else { fatalError("the inode is a directory") }
            return directory
        }
        set { content = .directory(newValue) }
    }

    /// The regular file that it is.
    var file: RegularFile {
        get {
            guard case .regular(let file) = content else { fatalError("the inode is a regular file") }
            return file
        }
        set { content = .regular(newValue) }
    }

    /// The device that it stands for; nil where it is none that there is a driver for.
    var characterDevice: CharacterDevice? {
        guard mode.type == .characterDevice, case .device(let number) = content else { return nil }
        return CharacterDevice(number)
    }

    /// Sets the times of a change of content.
    mutating func noteModification() {
        let now = Inode.now
        modificationTime = now
        changeTime = now
    }

    /// Sets the time of a change of what is known about it.
    mutating func noteChange() { changeTime = Inode.now }

    /// Sets the time of the last access, where that tells something new (Linux's relatime, fs/inode.c,
    /// relatime_need_update).
    mutating func noteAccess() {
        let now = Inode.now
        let day: Int64 = 86_400 * 1_000_000_000
        if accessTime <= modificationTime || accessTime <= changeTime || now &- accessTime >= day { accessTime = now }
    }

    static var now: Int64 { Int64(clamping: kernel.clock.nanosecondsSince1970) }
}

/// A name in a directory. Lives in a pool slot.
///
/// When it is removed while its inode stays, it may stay too as the inode's ``Inode/name``: a deleted name, which holds
/// a reference to its directory.
struct DirectoryEntry: ~Copyable {
    var name: StoredText
    var directory: Handle<Inode>
    var inode: Handle<Inode>
    /// Of the name in its directory.
    var hash: UInt32
    var isDeleted = false
    /// Where reading the directory meets it: ascending along the directory's entries, never given out again.
    var position: UInt64 = 0
    var next: Handle<DirectoryEntry>?
    var previous: Handle<DirectoryEntry>?
    /// Next of the same bucket.
    var nextInBucket: Handle<DirectoryEntry>?

    init(name: StoredText, directory: Handle<Inode>, inode: Handle<Inode>) {
        self.name = name
        self.directory = directory
        self.inode = inode
        hash = NameTable.hash(name.bytes, in: directory)
    }
}
