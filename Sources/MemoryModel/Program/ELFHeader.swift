/// The header of an ELF file that Akuma can run, checked (System V ABI, chapter 4; ELF for the Arm 64-bit
/// Architecture).
struct ELFHeader {
    static let byteCount: UInt64 = 64
    static let programHeaderByteCount: UInt64 = 56
    static let machineAArch64: UInt16 = 183
    /// Linux `fs/binfmt_elf.c`, `load_elf_phdrs`: the table has at most 64 KiB.
    static let maximumTableByteCount: UInt64 = 65536

    /// Whether the file can run at any address (`ET_DYN`).
    let isPositionIndependent: Bool
    let entry: UInt64
    let tableOffset: UInt64
    let programHeaderCount: UInt16

    init<File: ProgramBytes & ~Escapable>(_ file: borrowing File) throws(ProgramError) {
        guard file.word32(at: 0) == 0x464c_457f else { throw .notELF }
        guard let encoding = file.littleEndian(at: 5, size: 1), let machine = file.word16(at: 18),
            let width = file.littleEndian(at: 4, size: 1), file.contains(0, size: Self.byteCount),
            let type = file.word16(at: 16), let version = file.word32(at: 20), let entry = file.word64(at: 24),
            let tableOffset = file.word64(at: 32), let entrySize = file.word16(at: 54), let count = file.word16(at: 56)
        else { throw .truncatedHeader(size: file.byteCount) }
        // The machine first: it says most about a file that was taken by mistake.
        let isBigEndian = encoding == 2
        let actualMachine = isBigEndian ? machine.byteSwapped : machine
        guard actualMachine == Self.machineAArch64 else { throw .wrongMachine(actualMachine) }
        guard !isBigEndian, encoding == 1 else { throw .notLittleEndian }
        guard width == 2 else { throw .not64Bit }
        guard version == 1, file.littleEndian(at: 6, size: 1) == 1 else { throw .unknownVersion(version) }
        guard type == 2 || type == 3 else { throw .notExecutable(type: type) }
        guard count > 0 else { throw .noSegments }
        guard entrySize == Self.programHeaderByteCount else { throw .wrongProgramHeaderSize(entrySize) }
        let tableByteCount = UInt64(count) * Self.programHeaderByteCount
        guard tableByteCount <= Self.maximumTableByteCount else { throw .tooManyProgramHeaders(count) }
        guard file.contains(tableOffset, size: tableByteCount) else {
            let (end, overflow) = tableOffset.addingReportingOverflow(tableByteCount)
            throw .truncatedProgramHeaders(end: overflow ? .max : end, fileSize: file.byteCount)
        }
        isPositionIndependent = type == 3
        self.entry = entry
        self.tableOffset = tableOffset
        programHeaderCount = count
    }
}

/// An entry of the program header table, as it stands.
struct ProgramHeader {
    enum Kind: UInt32 {
        case load = 1
        case interpreter = 3
        case note = 4
        case threadLocal = 7
        case stack = 0x6474_e551
        case property = 0x6474_e553
    }

    /// Nil for a kind that says nothing to a loader.
    let kind: Kind?
    let rights: Protection
    let offset: UInt64
    let address: UInt64
    let fileSize: UInt64
    let memorySize: UInt64
    let alignment: UInt64

    /// The entry at `index`, which the header has shown to lie within the file.
    init<File: ProgramBytes & ~Escapable>(
        _ file: borrowing File, _ header: ELFHeader, index: Int
    ) throws(ProgramError) {
        let start = header.tableOffset + UInt64(index) * ELFHeader.programHeaderByteCount
        guard let type = file.word32(at: start), let flags = file.word32(at: start + 4),
            let offset = file.word64(at: start + 8), let address = file.word64(at: start + 16),
            let fileSize = file.word64(at: start + 32), let memorySize = file.word64(at: start + 40),
            let alignment = file.word64(at: start + 48)
        else { throw .truncatedProgramHeaders(end: start, fileSize: file.byteCount) }
        kind = Kind(rawValue: type)
        rights = Protection(programFlags: flags)
        self.offset = offset
        self.address = address
        self.fileSize = fileSize
        self.memorySize = memorySize
        self.alignment = alignment
    }
}
