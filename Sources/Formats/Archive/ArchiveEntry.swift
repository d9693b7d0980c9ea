/// One entry of a cpio archive: a file's description, and where its path and content are.
public struct ArchiveEntry: Equatable, Sendable {
    public enum Kind: Sendable { case regularFile, directory, symbolicLink, other }

    /// The path without leading `/` and `./`; empty for the root directory.
    public let path: ByteRange
    /// The content as this entry has it. See ``Archive/content(of:)`` for hard links.
    public let content: ByteRange
    /// Type and permission bits, as `st_mode`.
    public let mode: UInt32
    public let inode: UInt32
    public let userIdentifier: UInt32
    public let groupIdentifier: UInt32
    public let linkCount: UInt32
    /// Seconds since 1970.
    public let modificationTime: UInt32
    /// The device that the file was on: major number in the upper half. Tells equal inode numbers apart.
    public let device: UInt64
    /// What a device file stands for; zero for others.
    public let specialDeviceMajor: UInt32
    public let specialDeviceMinor: UInt32

    public var kind: Kind {
        switch mode & 0o170000 {
        case 0o100000: .regularFile
        case 0o040000: .directory
        case 0o120000: .symbolicLink
        default: .other
        }
    }

    static let headerByteCount = 110
    static let maximumNameByteCount = 4096

    /// Reads the entry at `offset`, which is then moved to the next one; nil at the trailer.
    init?(in bytes: ByteSpan, at offset: inout Int) throws(ArchiveError) {
        let start = offset
        guard start < bytes.count else { throw .missingTrailer(offset: start) }
        guard bytes.holds(ByteRange(offset: start, count: Self.headerByteCount)) else {
            throw .truncated(offset: start, end: start + Self.headerByteCount, byteCount: bytes.count)
        }
        let magic = bytes.extracting(start..<start + 6)
        guard magic.equals("070701") || magic.equals("070702") else { throw .notAnArchive(offset: start) }
        func field(_ index: Int) throws(ArchiveError) -> UInt32 {
            guard let number = bytes.hexadecimal32(at: start + 6 + index * 8) else {
                throw .malformedField(offset: start)
            }
            return number
        }

        let nameByteCount = Int(try field(11))
        guard nameByteCount > 0, nameByteCount <= Self.maximumNameByteCount else { throw .malformedName(offset: start) }
        let name = ByteRange(offset: start + Self.headerByteCount, count: nameByteCount)
        guard bytes.holds(name) else { throw .truncated(offset: start, end: name.end, byteCount: bytes.count) }
        let nameBytes = bytes.bytes(at: name)
        guard nameBytes.terminatedString(at: 0)?.count == nameByteCount - 1 else { throw .malformedName(offset: start) }
        let text = nameBytes.extracting(0..<nameByteCount - 1)
        if text.equals("TRAILER!!!") { return nil }
        guard !text.isEmpty else { throw .malformedName(offset: start) }
        guard !text.hasParentComponent else { throw .pathLeavesArchive(offset: start) }

        // Name and content are padded to four bytes, counted from the archive's start.
        let content = ByteRange(offset: (name.end + 3) & ~3, count: Int(try field(6)))
        guard bytes.holds(content) else { throw .truncated(offset: start, end: content.end, byteCount: bytes.count) }

        let plain = text.plainPath
        path = ByteRange(offset: name.offset + plain.offset, count: plain.count)
        self.content = content
        inode = try field(0)
        mode = try field(1)
        userIdentifier = try field(2)
        groupIdentifier = try field(3)
        linkCount = try field(4)
        modificationTime = try field(5)
        device = UInt64(try field(7)) << 32 | UInt64(try field(8))
        specialDeviceMajor = try field(9)
        specialDeviceMinor = try field(10)
        offset = (content.end + 3) & ~3
    }
}

extension Span where Element == UInt8 {
    /// The number in eight hexadecimal digits at `offset`, or nil where there are others or none.
    func hexadecimal32(at offset: Int) -> UInt32? {
        guard holds(ByteRange(offset: offset, count: 8)) else { return nil }
        // An archive of many files is mostly such digits: no branch for each.
        var number: UInt32 = 0
        var isOther = false
        for place in offset..<offset + 8 {
            let byte = self[place]
            let decimal = byte &- UInt8(ascii: "0")
            let letter = (byte | 0x20) &- UInt8(ascii: "a")
            isOther = isOther || decimal > 9 && letter > 5
            number = number << 4 | UInt32(decimal <= 9 ? decimal : letter &+ 10) & 0xF
        }
        return isOther ? nil : number
    }
}
