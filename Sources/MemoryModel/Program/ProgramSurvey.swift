/// What must be known of a program before its segments are placed.
struct ProgramSurvey {
    let displacement: ByteCount
    let notes: ProgramNotes
    let properties: ProgramProperties

    /// - Throws: `needsDynamicLoader`, `malformedNote`, `malformedProperties`, `unreadableProperties`, `noSegments`.
    init<File: ProgramBytes & ~Escapable>(
        _ file: borrowing File, _ header: ELFHeader, imageBase: VirtualAddress
    ) throws(ProgramError) {
        var notes = ProgramNotes()
        var propertySegment: ProgramHeader?
        var lowest: UInt64?
        var alignment = Granule.size.rawValue
        for index in 0..<Int(header.programHeaderCount) {
            let segment = try ProgramHeader(file, header, index: index)
            switch segment.kind {
            case .interpreter:
                throw .needsDynamicLoader(
                    path: FileRange(offset: segment.offset, size: ByteCount(segment.fileSize)))
            case .note:
                try notes.read(file, in: segment)
            case .property:
                // Of several the last one counts, as on Linux.
                propertySegment = segment
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
        properties =
            if let propertySegment { try ProgramProperties(file, in: propertySegment) } else { ProgramProperties() }
        displacement =
            header.isPositionIndependent
            ? Self.displacement(from: lowest, to: imageBase, alignment: alignment) : .zero
    }

    /// What to add so that the lowest page comes to lie at `base`, or above it where the program wants a coarser
    /// alignment. May wrap: a segment that leaves the programs' area is refused later.
    private static func displacement(from lowest: UInt64, to base: VirtualAddress, alignment: UInt64) -> ByteCount {
        let page = lowest & ~(Granule.size.rawValue - 1)
        let wanted = base.rawValue &- page
        return ByteCount((wanted &+ (alignment - 1)) & ~(alignment - 1))
    }
}

extension AddressSpaceLayout {
    /// Whether all of `start` up to `end`, which is greater, is for segments: the low area up to the initial stack, or
    /// the high region.
    func holdsSegment(_ start: VirtualAddress, to end: VirtualAddress) -> Bool {
        let isLow = start >= low.start && end <= (isHigh ? low.end : stackTop - initialStackSize)
        let isHigh = start >= high.start && end <= high.end
        return isLow || isHigh
    }
}
