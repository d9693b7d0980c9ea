import Formats
import LinuxABI
import Machine

/// `getdents64`: the entries of a directory, from the file's position on, as many as fit.
///
/// Positions: 0 is `.`, 1 is `..`, then the archive's entries in their order.
func readDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try Process.current.value.openFiles.value.file(call.first.asInt32)
    guard case .node(let directory) = file.value.kind, directory.type == .directory else { throw .notDirectory }
    var listing = Listing(buffer: UserBuffer(call.second, count: UInt64(call.third.asUInt32)), file: file)

    if file.value.position == 0 {
        try listing.add(name: directory.path, dots: 1, inode: directory.inode, type: .directory, next: 1)
    }
    if file.value.position == 1, !listing.isFull {
        try listing.add(name: directory.path, dots: 2, inode: directory.inode, type: .directory, next: 2)
    }
    try kernel.ramdisk.withArchive { (archive) throws(Errno) in
        var entries = archive.entries
        var position: UInt64 = 2
        while !listing.isFull, let entry = entries.next() {
            defer { position += 1 }
            guard position >= file.value.position else { continue }
            if !Ramdisk.isHidden(archive.bytes(at: entry.path)),
                let name = archive.name(of: entry.path, in: directory.path)
            {
                let node = RamdiskNode(entry: entry, content: entry.content)
                try listing.add(name: name, dots: 0, inode: node.inode, type: node.type, next: position + 1)
            }
            if !listing.isFull { file.value.position = position + 1 }
        }
    }
    return listing.written
}

/// Directory entries on their way to a program.
private struct Listing {
    var buffer: UserBuffer
    let file: Handle<OpenFile>
    var written: UInt64 = 0
    /// An entry did not fit; the next call starts with it.
    var isFull = false

    init(buffer: UserBuffer, file: Handle<OpenFile>) {
        self.buffer = buffer
        self.file = file
    }

    /// Adds an entry and moves the file's position behind it. The name is in the archive, or `.` or `..`.
    /// - Throws: EINVAL where not even one entry fits, EFAULT.
    mutating func add(
        name: ByteRange, dots: Int, inode: UInt64, type: FileMode.FileType, next: UInt64
    ) throws(Errno) {
        let nameLength = dots > 0 ? dots : name.count
        // d_ino, d_off, d_reclen and d_type take 19 bytes; name, NUL and padding to 8 follow.
        let length = (UInt64(19 + nameLength + 1) + 7) & ~7
        guard length <= buffer.count else {
            if written == 0 { throw .invalidArgument }
            isFull = true
            return
        }
        var ok = buffer.write(value: inode)
        ok = ok && buffer.write(value: next)
        ok = ok && buffer.write(value: UInt16(length))
        ok = ok && buffer.writeByte(type.rawValue)
        if dots > 0 {
            for _ in 0..<dots { ok = ok && buffer.writeByte(UInt8(ascii: ".")) }
        } else {
            ok = ok && buffer.write(kernel.ramdisk.bytes(name)) == UInt64(nameLength)
        }
        for _ in UInt64(19 + nameLength)..<length { ok = ok && buffer.writeByte(0) }
        guard ok else { throw .badAddress }
        written += length
        file.value.position = next
    }
}

extension Archive {
    /// The last component of a path that lies directly in a directory; nil for one that lies elsewhere.
    fileprivate func name(of path: ByteRange, in directory: ByteRange) -> ByteRange? {
        var start = 0
        if directory.count > 0 {
            let prefix = bytes(at: ByteRange(offset: path.offset, count: min(directory.count, path.count)))
            guard path.count > directory.count + 1, prefix.equals(bytes(at: directory)) else { return nil }
            start = directory.count
            guard bytes(at: path)[start] == UInt8(ascii: "/") else { return nil }
            start += 1
        }
        let name = ByteRange(offset: path.offset + start, count: path.count - start)
        guard !name.isEmpty else { return nil }
        let text = bytes(at: name)
        for index in text.indices where text[index] == UInt8(ascii: "/") { return nil }
        return name
    }
}
