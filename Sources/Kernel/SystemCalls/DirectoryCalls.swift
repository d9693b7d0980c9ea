import Formats
import LinuxABI
import Machine

/// `getdents64`: the entries of a directory, from the file's position on, as many as fit.
func readDirectory(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let file = try heldFile(call.first)
    defer { release(file) }
    guard !file.value.flags.contains(.path) else { throw .badFileDescriptor }
    guard case .inode(let directory) = file.value.kind, directory.value.isDirectory else { throw .notDirectory }
    guard !directory.isDeleted else { throw .noSuchFileOrDirectory }
    if file.value.position < 2 { try directory.fill() }
    var listing = Listing(buffer: UserBuffer(call.second, count: UInt64(call.third.asUInt32)))
    // Positions: 0 is `.`, 1 is `..`, then the entries'.
    while file.value.position < 2 {
        let isParent = file.value.position == 1
        let inode = isParent ? directory.parentDirectory : directory
        guard try listing.add(isParent ? .dotDot : .dot, inode, next: file.value.position + 1) else { return listing.written }
        file.value.position += 1
    }
    var next = directory.firstEntry(for: file)
    while let entry = next {
        guard try listing.add(.entry(entry), entry.value.inode, next: entry.value.position + 1) else { break }
        next = entry.value.next
        file.value.position = entry.value.position + 1
    }
    file.value.nextEntry = (next, directory.value.directory.removals)
    if !file.value.flags.contains(.noAccessTime) { directory.value.noteAccess() }
    return listing.written
}

extension Handle where T == Inode {
    /// The directory's first entry at or behind an open file's position.
    fileprivate func firstEntry(for file: Handle<OpenFile>) -> Handle<DirectoryEntry>? {
        let directory = value.directory
        if let known = file.value.nextEntry, let entry = known.entry, known.removals == directory.removals {
            return entry
        }
        var candidate = directory.first
        while let entry = candidate, entry.value.position < file.value.position { candidate = entry.value.next }
        return candidate
    }
}

/// Directory entries on their way to a program.
private struct Listing {
    /// Whose name an entry has.
    enum Name {
        case dot
        case dotDot
        case entry(Handle<DirectoryEntry>)
    }

    var buffer: UserBuffer
    var written: UInt64 = 0

    init(buffer: UserBuffer) { self.buffer = buffer }

    /// Adds an entry.
    /// - Parameter next: the position behind it.
    /// - Returns: false where it does not fit behind others. EINVAL where not even one entry fits, EFAULT.
    mutating func add(_ name: Name, _ inode: Handle<Inode>, next: UInt64) throws(Errno) -> Bool {
        let nameLength =
            switch name {
            case .dot: 1
            case .dotDot: 2
            case .entry(let entry): entry.value.name.count
            }
        // d_ino, d_off, d_reclen and d_type take 19 bytes; name, NUL and padding to 8 follow.
        let length = (UInt64(19 + nameLength + 1) + 7) & ~7
        guard length <= buffer.count else {
            if written == 0 { throw .invalidArgument }
            return false
        }
        var ok = buffer.write(value: inode.value.number)
        ok = ok && buffer.write(value: next)
        ok = ok && buffer.write(value: UInt16(length))
        ok = ok && buffer.writeByte(inode.value.type.rawValue)
        switch name {
        case .dot: ok = ok && buffer.writeByte(UInt8(ascii: "."))
        case .dotDot: ok = ok && buffer.writeByte(UInt8(ascii: ".")) && buffer.writeByte(UInt8(ascii: "."))
        case .entry(let entry): ok = ok && buffer.write(entry.value.name.bytes) == UInt64(nameLength)
        }
        let padding = length - UInt64(19 + nameLength)
        ok = ok && buffer.writeZeroes(upTo: padding) == padding
        guard ok else {
            if written == 0 { throw .badAddress }
            return false
        }
        written += length
        return true
    }
}
