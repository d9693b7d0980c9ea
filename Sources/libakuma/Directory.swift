/// A name in a directory.
public struct DirectoryEntry: Sendable {
    /// The name, without its directory.
    public let name: String
    /// What it names.
    public let type: FileMode.FileType
}

/// What a directory holds, `.` and `..` left out, sorted by name.
///
/// - Throws: `Errno.noSuchFileOrDirectory`, `Errno.notDirectory` and what else `openat` and `getdents64` say.
public func directoryEntries(at path: String) throws(Errno) -> [DirectoryEntry] {
    let directory = try FileDescriptor.open(path, .directory)
    defer { try? directory.close() }
    var entries: [DirectoryEntry] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let filled = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe systemCall(
                .getdents64, UInt(argument: directory.rawValue), UInt(bitPattern: bytes.baseAddress), UInt(bytes.count))
        }
        let end = try checked(filled)
        if end == 0 { break }
        // Each entry: inode 8 bytes, offset 8, length 2, type 1, then the name up to a NUL (`DirectoryEntryHeader`).
        var start = 0
        while start < end {
            let length = Int(buffer[start + 16]) | Int(buffer[start + 17]) << 8
            let name = String(decoding: buffer[(start + 19)..<(start + length)].prefix { $0 != 0 }, as: UTF8.self)
            if name != "." && name != ".." {
                entries.append(DirectoryEntry(name: name, type: .init(rawValue: buffer[start + 18]) ?? .unknown))
            }
            start += length
        }
    }
    return entries.sorted { $0.name < $1.name }
}

/// What the kernel knows of a file; symbolic links are followed.
public func fileStatus(at path: String) throws(Errno) -> FileStatus {
    var status = FileStatus()
    let result = try unsafe withCString(path) { (path) throws(Errno) -> Int in
        unsafe withUnsafeMutablePointer(to: &status) { status in
            unsafe systemCall(
                .newfstatat, UInt(argument: AtFlags.currentDirectory), UInt(bitPattern: path),
                UInt(bitPattern: status), 0)
        }
    }
    try checked(result)
    return status
}
