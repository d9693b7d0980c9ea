/// Why bytes are no usable cpio archive. Offsets are in bytes from the archive's start, of the entry's header.
public enum ArchiveError: Error, Equatable, Sendable {
    /// The entry does not begin with `070701` or `070702`.
    case notAnArchive(offset: Int)
    /// A field of the header is not eight hexadecimal digits.
    case malformedField(offset: Int)
    /// A name is empty, longer than 4096 bytes, or not ended by its only NUL.
    case malformedName(offset: Int)
    /// A path has a component `..`, which could name something outside.
    case pathLeavesArchive(offset: Int)
    /// The header, the name or the content goes beyond the end of the bytes. `end` is where it would end.
    case truncated(offset: Int, end: Int, byteCount: Int)
    /// The bytes end after an entry, without the entry `TRAILER!!!`.
    case missingTrailer(offset: Int)
    /// A file to be written has 4 GiB or more, which the format can't say.
    case tooLarge(size: Int)

    /// The reason as one English clause, without the numbers.
    public var reason: StaticString {
        switch self {
        case .notAnArchive: "not a cpio archive in the newc format"
        case .malformedField: "an archive entry's header holds something else than hexadecimal digits"
        case .malformedName: "an archive entry's name is empty, too long or not ended"
        case .pathLeavesArchive: "an archive entry's path leads outside of the archive"
        case .truncated: "an archive entry goes beyond the archive's end"
        case .missingTrailer: "the archive ends without its trailer"
        case .tooLarge: "the file is too large for a cpio archive"
        }
    }
}
