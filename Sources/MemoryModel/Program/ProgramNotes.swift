/// What a program's notes say to a loader.
struct ProgramNotes {
    /// Pages must not be both writable and executable: bit 0 of Akuma's note.
    var refusesWritableAndExecutable = false

    /// Bytes of notes that are looked at, in all segments together. A file with holes may say that it has TiB of them.
    static var maximumByteCount: UInt64 { 1 << 16 }
    /// How many of these are left.
    private var left = ProgramNotes.maximumByteCount

    /// Bytes "Akuma" and NUL, little-endian.
    private static let akuma: UInt64 = 0x61_6d75_6b41

    /// Reads the notes of one segment, as far as ``maximumByteCount`` goes. Those of others are skipped, and what has not a
    /// note's form ends the reading: it is data that Linux's loader does not look at either.
    /// - Throws: `malformedNote`.
    mutating func read<File: ProgramBytes & ~Escapable>(
        _ file: borrowing File, in segment: ProgramHeader
    ) throws(ProgramError) {
        guard file.contains(segment.offset, size: segment.fileSize) else { return }
        // Notes are padded to 8 bytes where their segment is so aligned, otherwise to 4.
        let padding: UInt64 = segment.alignment == 8 ? 7 : 3
        let end = segment.offset + min(segment.fileSize, left)
        left -= min(segment.fileSize, left)
        var offset = segment.offset
        while end - offset >= 12 {
            guard let nameSize = file.word32(at: offset), let size = file.word32(at: offset + 4),
                let type = file.word32(at: offset + 8)
            else { return }
            // Sizes of 32 bits from an offset within a file: no overflow.
            let description = (offset + 12 + UInt64(nameSize) + padding) & ~padding
            let next = (description + UInt64(size) + padding) & ~padding
            guard description + UInt64(size) <= end else { return }
            let name = nameSize <= 8 ? file.littleEndian(at: offset + 12, size: UInt64(nameSize)) : nil
            if nameSize == 6, name == Self.akuma, type == 1 {
                guard size == 4, let flags = file.word32(at: description) else { throw .malformedNote(size: size) }
                refusesWritableAndExecutable = refusesWritableAndExecutable || flags & 1 != 0
            }
            guard next < end else { return }
            offset = next
        }
    }
}
