/// Why a file can't be run. Segments are numbered as in the file's program header table, from 0.
public enum ProgramError: Error, Equatable, Sendable {
    /// Does not begin with the four bytes of an ELF file.
    case notELF
    /// Ends within the ELF header.
    case truncatedHeader(size: UInt64)
    /// Made for another machine: the number that `e_machine` holds.
    case wrongMachine(UInt16)
    /// 32-bit code.
    case not64Bit
    /// Big-endian code.
    case notLittleEndian
    /// An ELF version other than 1.
    case unknownVersion(UInt32)
    /// An object file, a core dump or something unknown: the number that `e_type` holds.
    case notExecutable(type: UInt16)
    /// Program headers of another size than 56 bytes.
    case wrongProgramHeaderSize(UInt16)
    /// More program headers than 64 KiB hold, Linux's limit; 0xFFFF stands for a number kept elsewhere (PN_XNUM).
    case tooManyProgramHeaders(UInt16)
    /// The program header table goes beyond the file's end.
    case truncatedProgramHeaders(end: UInt64, fileSize: UInt64)
    /// Nothing to load.
    case noSegments
    /// More segments to load than ``LoadPlan/maximumSegmentCount``.
    case tooManySegments(maximum: Int)
    /// Asks for a dynamic loader, whose path is at this place in the file.
    case needsDynamicLoader(path: FileRange)
    /// A segment's content goes beyond the file's end. `end` is `UInt64.max` where it goes beyond 64 bits.
    case truncated(segment: Int, end: UInt64, fileSize: UInt64)
    /// A segment has more bytes in the file than in memory.
    case fileLargerThanMemory(segment: Int, fileSize: UInt64, memorySize: UInt64)
    /// A segment's address and its offset in the file differ within a page, so no page could be mapped.
    case misaligned(segment: Int, address: UInt64, offset: UInt64)
    /// A segment ends in zeroes within a page of the file, and may not be written.
    case zeroesNotWritable(segment: Int)
    /// A segment goes beyond 64 bits.
    case addressOverflow(segment: Int)
    /// A segment does not begin above the one before it.
    case segmentsOutOfOrder(segment: Int)
    /// A segment begins within the one before it.
    case segmentsOverlap(segment: Int, address: UInt64)
    /// A segment lies where programs have no memory, or where the stack is.
    case forbiddenAddress(segment: Int, start: UInt64, end: UInt64)
    /// The first instruction lies in no executable segment.
    case entryNotExecutable(UInt64)
    /// The program's note forbids pages both writable and executable, and a segment asks for them.
    case writableAndExecutable(segment: Int)
    /// The program's note forbids pages both writable and executable, and its stack would be.
    case executableStack
    /// The program's note "Akuma" has another size than four bytes.
    case malformedNote(size: UInt32)
    /// The program's property segment is no note of properties, or they are out of order.
    case malformedProperties
    /// The program's property segment lies beyond the file's end, or is too small for a note.
    case unreadableProperties

    /// The reason as one English clause, without the numbers.
    public var reason: StaticString {
        switch self {
        case .notELF: "is not an ELF file"
        case .truncatedHeader: "is truncated within its ELF header"
        case .wrongMachine: "is for another processor, Akuma runs AArch64"
        case .not64Bit: "is 32-bit code, Akuma runs 64-bit AArch64"
        case .notLittleEndian: "is big-endian, Akuma runs little-endian AArch64"
        case .unknownVersion: "has an unknown ELF version"
        case .notExecutable: "is an ELF file, but not an executable"
        case .wrongProgramHeaderSize: "has program headers of a wrong size"
        case .tooManyProgramHeaders: "has too many program headers"
        case .truncatedProgramHeaders: "is truncated within its program headers"
        case .noSegments: "has no segment to load"
        case .tooManySegments: "has too many segments to load"
        case .needsDynamicLoader: "needs a dynamic loader, Akuma runs static programs"
        case .truncated: "is truncated: a segment ends beyond the file's end"
        case .fileLargerThanMemory: "has a segment with more bytes in the file than in memory"
        case .misaligned: "has a segment whose address and file offset differ within a page"
        case .zeroesNotWritable: "has a segment that ends in zeroes within a page and may not be written"
        case .addressOverflow: "has a segment that goes beyond 64 bits"
        case .segmentsOutOfOrder: "has segments out of order"
        case .segmentsOverlap: "has segments that overlap"
        case .forbiddenAddress: "has a segment at addresses that programs may not use"
        case .entryNotExecutable: "begins outside of its executable segments"
        case .writableAndExecutable: "asks for a segment both writable and executable, and its note forbids that"
        case .executableStack: "asks for an executable stack, and its note forbids that"
        case .malformedNote: "has a malformed Akuma note"
        case .malformedProperties: "has malformed GNU properties"
        case .unreadableProperties: "has GNU properties that can't be read"
        }
    }
}
