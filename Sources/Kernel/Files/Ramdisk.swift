import Formats
import LinuxABI
import Machine

/// The initial ramdisk, a cpio archive in RAM that is never freed: the only file system so far, read only.
struct Ramdisk {
    let region: PhysicalRegion

    /// - Throws: why the bytes are no archive.
    init(_ region: PhysicalRegion) throws(ArchiveError) {
        self.region = region
        _ = try Archive(KernelMemory.bytes(at: region.start, count: region.size))
    }

    /// Lends the archive, which the initialiser found well-formed.
    func withArchive<Result, Failure: Error>(
        _ body: (borrowing Archive) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(Archive(checkedBefore: KernelMemory.bytes(at: region.start, count: region.size)))
    }

    /// The bytes of a file, by its path in the archive; none where there is no such file.
    @_lifetime(immortal)
    func contents(ofFileAt path: StaticString) -> Span<UInt8> {
        let range: ByteRange? = withArchive { archive in archive.entry(atPath: path).map { archive.content(of: $0) } }
        return bytes(range ?? ByteRange(offset: 0, count: 0))
    }

    /// The node of an absolute path without `.`, `..` and doubled slashes; nil where there is none.
    func node(atPlainPath path: Span<UInt8>) -> RamdiskNode? {
        if path.isEmpty { return .root }
        if Ramdisk.isHidden(path) { return nil }
        return withArchive { archive in
            archive.entry(atPath: path).map { RamdiskNode(entry: $0, content: archive.content(of: $0)) }
        }
    }

    /// The whole of standard input, where the host packed it (`.akuma/stdin`).
    var preloadedInput: (address: UInt64, count: UInt64)? {
        let range: ByteRange? = withArchive { archive in
            archive.entry(atPath: ".akuma/stdin").map { archive.content(of: $0) }
        }
        return range.map { (region.start + UInt64($0.offset), UInt64($0.count)) }
    }

    /// Whether a path is the boot configuration's: it is for the kernel alone, and holds the seed of every random number.
    static func isHidden(_ path: Span<UInt8>) -> Bool {
        path.equals(".akuma") || path.starts(with: ".akuma/")
    }

    /// The bytes at a place within the archive.
    @_lifetime(immortal)
    func bytes(_ range: ByteRange) -> Span<UInt8> {
        KernelMemory.bytes(at: region.start + UInt64(range.offset), count: UInt64(range.count))
    }
}

/// A file, directory, link or device of the ramdisk. A value: the archive never changes.
struct RamdiskNode {
    /// The path without a leading slash, within the archive; empty for the root directory.
    let path: ByteRange
    /// A file's content, a link's target, within the archive.
    let content: ByteRange
    let mode: FileMode
    let inode: UInt64
    let linkCount: UInt32
    let modificationTime: UInt32
    let userID: UInt32
    let groupID: UInt32
    /// What a device node stands for.
    let device: CharacterDevice?

    /// The root directory, which an archive need not list.
    static var root: RamdiskNode {
        RamdiskNode(
            path: ByteRange(offset: 0, count: 0), content: ByteRange(offset: 0, count: 0),
            mode: FileMode(.directory, permissions: 0o755), inode: 1, linkCount: 2, modificationTime: 0, userID: 0,
            groupID: 0, device: nil)
    }

    var type: FileMode.FileType { mode.type }
    /// Bytes.
    var size: UInt64 { UInt64(content.count) }

    /// Copies from the file to a program.
    /// - Returns: bytes copied, 0 at or beyond the end. EFAULT where none of them could be.
    func read(from start: UInt64, into buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        guard start < size, buffer.count > 0 else { return 0 }
        let bytes = kernel.ramdisk.bytes(content)
        let end = start + min(buffer.count, size - start)
        let copied = buffer.write(bytes.extracting(Int(start)..<Int(end)))
        if copied == 0 { throw .badAddress }
        return copied
    }

    var status: FileStatus {
        var status = FileStatus()
        status.device = 1
        status.inode = inode
        status.mode = mode.rawValue
        status.linkCount = linkCount
        status.userID = userID
        status.groupID = groupID
        if let device { status.specialDevice = 1 << 8 | UInt64(device.rawValue) }
        status.size = Int64(size)
        status.blockSize = 4096
        status.blockCount = Int64((size + 511) / 512)
        status.accessTime.seconds = Int64(modificationTime)
        status.modificationTime.seconds = Int64(modificationTime)
        status.changeTime.seconds = Int64(modificationTime)
        return status
    }
}

extension RamdiskNode {
    init(entry: ArchiveEntry, content: ByteRange) {
        path = entry.path
        self.content = content
        mode = FileMode(rawValue: entry.mode)
        // The root's number is 1; the archive's own start where the tool that made it starts.
        inode = UInt64(entry.inode) + 2
        linkCount = entry.linkCount
        modificationTime = entry.modificationTime
        userID = entry.userIdentifier
        groupID = entry.groupIdentifier
        device =
            mode.type == .characterDevice
            ? CharacterDevice(major: entry.specialDeviceMajor, minor: entry.specialDeviceMinor) : nil
    }
}
