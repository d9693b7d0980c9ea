/// What must be known of a program before its segments are placed.
struct ProgramSurvey {
    let displacement: ByteCount
    let notes: ProgramNotes

    /// - Throws: `needsDynamicLoader`, `malformedNote`, `noSegments`.
    init(_ file: Span<UInt8>, _ header: ELFHeader) throws(ProgramError) {
        var notes = ProgramNotes()
        var lowest: UInt64?
        var alignment = Granule.size.rawValue
        for index in 0..<Int(header.programHeaderCount) {
            let segment = try ProgramHeader(file, header, index: index)
            switch segment.kind {
            case .interpreter:
                throw .needsDynamicLoader(
                    path: FileRange(offset: segment.offset, size: ByteCount(segment.fileSize)))
            case .note, .property:
                try notes.read(file, in: segment)
            case .load where segment.memorySize > 0:
                lowest = min(lowest ?? segment.address, segment.address)
                // Linux ignores an alignment that is no power of two (fs/binfmt_elf.c, maximum_alignment).
                if segment.alignment.nonzeroBitCount == 1 { alignment = max(alignment, segment.alignment) }
            case .load, .threadLocal, .stack, nil:
                continue
            }
        }
        guard let lowest else { throw .noSegments }
        self.notes = notes
        displacement =
            header.isPositionIndependent
            ? Self.displacement(ofProgramAt: lowest, alignment: alignment) : .zero
    }

    /// What to add so that the lowest page comes to lie at ``LoadPlan/positionIndependentStart``, or above it where the
    /// program wants a coarser alignment than that. May wrap: a sum that leaves the programs' area is refused later.
    private static func displacement(ofProgramAt lowest: UInt64, alignment: UInt64) -> ByteCount {
        let page = lowest & ~(Granule.size.rawValue - 1)
        let wanted = LoadPlan.positionIndependentStart.rawValue &- page
        return ByteCount((wanted &+ (alignment - 1)) & ~(alignment - 1))
    }
}

/// Where a program's segments may lie (DESIGN §1).
enum ProgramArea {
    /// Whether all of `start` up to `end`, which is greater, is for segments: the low area between the null pages and the
    /// initial stack, or the high region.
    static func holds(_ start: VirtualAddress, to end: VirtualAddress) -> Bool {
        let isLow = start >= VirtualAddress(0x1_0000) && end <= VirtualAddress(0x3FFF_0000)
        let isHigh = start >= VirtualAddress(0x80_0000_0000) && end <= VirtualAddress(0x1_0000_0000_0000)
        return isLow || isHigh
    }
}
