/// What the property segment of a program (`PT_GNU_PROPERTY`) says: one note of properties.
///
/// Read as by Linux fs/binfmt_elf.c (`parse_elf_properties`) and arch/arm64/include/asm/elf.h
/// (`arch_parse_elf_property`): what is no such note is an error, and so are properties that are out of order.
struct ProgramProperties {
    /// Code is marked for branch target identification (`GNU_PROPERTY_AARCH64_FEATURE_1_BTI`).
    private(set) var identifiesBranchTargets = false

    /// Bytes of a segment that is read at all (`NOTE_DATA_SZ`).
    static var maximumByteCount: UInt64 { 1024 }
    /// Bytes before the properties: the note's three words, and its name "GNU" with a NUL.
    private static var headerByteCount: UInt64 { 16 }

    /// A program without such a segment.
    init() {}

    /// - Throws: `malformedProperties`; `unreadableProperties` where the file ends before they begin.
    init<File: ProgramBytes & ~Escapable>(_ file: borrowing File, in segment: ProgramHeader) throws(ProgramError) {
        guard segment.fileSize <= Self.maximumByteCount else { throw .malformedProperties }
        let start = segment.offset
        guard file.contains(start, size: Self.headerByteCount), segment.fileSize >= Self.headerByteCount else {
            throw .unreadableProperties
        }
        // What the file does not have of the segment is not there.
        let available = min(segment.fileSize, file.byteCount - start)
        // NT_GNU_PROPERTY_TYPE_0, of "GNU".
        guard file.word32(at: start) == 4, let size = file.word32(at: start + 4), file.word32(at: start + 8) == 5,
            file.word32(at: start + 12) == 0x0055_4e47, UInt64(size) <= available - Self.headerByteCount
        else { throw .malformedProperties }
        try readProperties(file, from: start + Self.headerByteCount, count: UInt64(size))
    }

    /// Reads `count` bytes of properties: each a type, a size and so many bytes, padded to 8.
    private mutating func readProperties<File: ProgramBytes & ~Escapable>(
        _ file: borrowing File, from start: UInt64, count: UInt64
    ) throws(ProgramError) {
        var offset = start
        var left = count
        var previous: UInt32?
        while left > 0 {
            guard left >= 8, let type = file.word32(at: offset), let size = file.word32(at: offset + 4) else {
                throw .malformedProperties
            }
            // A size of 32 bits, so no overflow.
            let padded = (UInt64(size) + 7) & ~7
            guard padded <= left - 8 else { throw .malformedProperties }
            if let previous, type <= previous { throw .malformedProperties }
            previous = type
            // GNU_PROPERTY_AARCH64_FEATURE_1_AND
            if type == 0xc000_0000 {
                guard size == 4, let features = file.word32(at: offset + 8) else { throw .malformedProperties }
                identifiesBranchTargets = features & 1 != 0
            }
            offset += 8 + padded
            left -= 8 + padded
        }
    }
}
