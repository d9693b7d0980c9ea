/// A cpio archive in the `newc` format, as Linux takes for an initial ramdisk, over bytes that the caller lends.
///
/// Format: Linux `Documentation/driver-api/early-userspace/buffer-format.rst`. Creating one checks every entry; what
/// comes after can't meet malformed bytes. Bytes behind the trailer are ignored.
public struct Archive: ~Escapable {
    public let bytes: ByteSpan

    /// Checks every entry.
    /// - Parameter visit: shown each entry, in the archive's order, before the ones behind it are checked.
    /// - Throws: any ``ArchiveError`` but `tooLarge`.
    @_lifetime(copy bytes)
    public init(_ bytes: ByteSpan, visit: (ArchiveEntry) -> Void = { _ in }) throws(ArchiveError) {
        self.bytes = bytes
        var offset = 0
        while let entry = try ArchiveEntry(in: bytes, at: &offset) { visit(entry) }
    }

    /// The archive in bytes that ``init(_:)`` found well-formed before. Checks nothing by itself; on other bytes its
    /// entries end at the first one that is malformed.
    @_lifetime(copy bytes)
    public init(checkedBefore bytes: ByteSpan) { self.bytes = bytes }

    /// Entries, the trailer left aside. Counts them.
    public var entryCount: Int {
        var entries = entries
        var count = 0
        while entries.next() != nil { count += 1 }
        return count
    }

    /// Every entry, in the archive's order.
    public var entries: ArchiveEntries {
        @_lifetime(copy self) get { ArchiveEntries(bytes: bytes) }
    }

    /// The entry of a path, or nil where there is none. Of several, the last, as if all had been extracted in order.
    /// - Parameter path: leading `/` and `./` and trailing `/` count for nothing.
    public func entry(atPath path: ByteSpan) -> ArchiveEntry? {
        let wanted = path.bytes(at: path.plainPath)
        var entries = entries
        var found: ArchiveEntry?
        while let entry = entries.next() {
            if bytes.bytes(at: entry.path).equals(wanted) { found = entry }
        }
        return found
    }

    /// The entry of a path given as text.
    public func entry(atPath path: StaticString) -> ArchiveEntry? {
        var entries = entries
        var found: ArchiveEntry?
        while let entry = entries.next() {
            if bytes.bytes(at: entry.path).equals(path) { found = entry }
        }
        return found
    }

    /// Where an entry's content is: a file's bytes, a symbolic link's target.
    ///
    /// Of files that are hard links to each other, the format gives the content to one only; this finds it.
    public func content(of entry: ArchiveEntry) -> ByteRange {
        guard entry.kind == .regularFile, entry.linkCount > 1, entry.content.isEmpty else { return entry.content }
        var entries = entries
        while let other = entries.next() {
            if other.kind == .regularFile, other.inode == entry.inode, other.device == entry.device,
                !other.content.isEmpty
            {
                return other.content
            }
        }
        return entry.content
    }

    /// The bytes at `range`.
    @_lifetime(copy self)
    public func bytes(at range: ByteRange) -> ByteSpan { bytes.bytes(at: range) }
}

/// The entries of an archive, in order.
public struct ArchiveEntries: ~Escapable {
    private let bytes: ByteSpan
    private var offset = 0

    @_lifetime(copy bytes)
    init(bytes: ByteSpan) { self.bytes = bytes }

    /// The next entry, or nil at the trailer.
    @_lifetime(self: copy self)
    public mutating func next() -> ArchiveEntry? {
        let start = offset
        // The archive was checked as a whole: an error can't occur, and would end the walk.
        if let entry = try? ArchiveEntry(in: bytes, at: &offset) { return entry }
        offset = start
        return nil
    }
}

extension Span where Element == UInt8 {
    /// The path in these bytes without leading `/` and `./`, trailing `/`, and a lone `.`.
    var plainPath: ByteRange {
        var start = 0
        var end = count
        while end > 0, self[end - 1] == UInt8(ascii: "/") { end -= 1 }
        while start < end {
            if self[start] == UInt8(ascii: "/") {
                start += 1
            } else if self[start] == UInt8(ascii: "."), start + 1 == end || self[start + 1] == UInt8(ascii: "/") {
                start += 1
            } else {
                break
            }
        }
        return ByteRange(offset: start, count: end - start)
    }

    /// Whether a path has a component `..`.
    var hasParentComponent: Bool {
        var offset = 0
        while offset < count {
            var end = offset
            while end < count, self[end] != UInt8(ascii: "/") { end += 1 }
            if end - offset == 2, self[offset] == UInt8(ascii: "."), self[offset + 1] == UInt8(ascii: ".") {
                return true
            }
            offset = end + 1
        }
        return false
    }
}
