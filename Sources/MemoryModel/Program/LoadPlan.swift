/// How a static AArch64 program becomes memory: what to map, what to copy there, where to begin.
///
/// A value of fixed size computed from the file's bytes alone; the kernel carries it out, the host's command uses it to
/// say beforehand why a file can't run. Every address in it has been checked against the layout of the address space.
///
/// To carry it out: map each of ``mappings`` with zeroed pages, then copy each of ``segments``' file bytes to its
/// address. The rest of a segment, and of its first and last page, stays zero.
public struct LoadPlan: Sendable {
    /// Segments to load that are accepted.
    public static var maximumSegmentCount: Int { 32 }

    /// The program's segments, ascending and disjoint. Empty ones are left out.
    public private(set) var segments = PlanList<32, LoadSegment>(filler: .empty)

    /// The pages to map, ascending and disjoint. A page that two segments share is a mapping of its own, with the
    /// rights that either of them asks for: each of its bytes can then be used as its segment says. (Linux gives it the
    /// later segment's rights and page of the file.)
    public private(set) var mappings = PlanList<63, LoadMapping>(filler: .empty)

    /// The address of the first instruction.
    public let entry: VirtualAddress

    /// Where the program finds its program headers (`AT_PHDR`): 0 where no segment holds them, as Linux has it.
    public private(set) var programHeaders = VirtualAddress(0)
    public let programHeaderCount: UInt16
    /// Bytes of one program header (`AT_PHENT`).
    public var programHeaderSize: ByteCount { ByteCount(ELFHeader.programHeaderByteCount) }

    /// Where the program break starts: the first page above all segments.
    public private(set) var breakStart = VirtualAddress(0)

    /// What was added to the file's addresses; zero unless it is position-independent.
    public let displacement: ByteCount
    public let isPositionIndependent: Bool

    /// Whether `PT_GNU_STACK` asks for an executable stack. Without that header it is not, as on Linux for AArch64.
    public private(set) var hasExecutableStack = false
    /// Whether the program's note forbids pages that are both writable and executable, for later mappings too.
    public let refusesWritableAndExecutable: Bool
    /// Whether the program's code is marked for branch target identification.
    public let identifiesBranchTargets: Bool
    /// The initial image of thread-local variables, which the program itself copies.
    public private(set) var threadLocal: LoadSegment?

    /// Reads a program.
    /// - Parameters:
    ///   - file: the whole file.
    ///   - layout: where programs may have memory, and where a position-independent one begins.
    /// - Throws: why it can't be run.
    public init(_ file: Span<UInt8>, layout: AddressSpaceLayout = .standard) throws(ProgramError) {
        let header = try ELFHeader(file)
        let survey = try ProgramSurvey(file, header, imageBase: layout.imageBase)
        isPositionIndependent = header.isPositionIndependent
        displacement = survey.displacement
        programHeaderCount = header.programHeaderCount
        refusesWritableAndExecutable = survey.notes.refusesWritableAndExecutable
        identifiesBranchTargets = survey.notes.identifiesBranchTargets
        entry = VirtualAddress(header.entry &+ survey.displacement.rawValue)
        for index in 0..<Int(header.programHeaderCount) {
            let segment = try ProgramHeader(file, header, index: index)
            switch segment.kind {
            case .load:
                try add(segment, index: index, header: header, fileSize: UInt64(file.count), layout: layout)
            case .stack: hasExecutableStack = segment.rights.isExecutable
            case .threadLocal: threadLocal = threadLocal(segment, index: index, file)
            case .interpreter, .note, .property, nil: continue
            }
        }
        guard !segments.isEmpty else { throw .noSegments }
        guard isInExecutableSegment(entry) else { throw .entryNotExecutable(entry.rawValue) }
        if refusesWritableAndExecutable { try checkRights() }
    }

    private mutating func add(
        _ segment: ProgramHeader, index: Int, header: ELFHeader, fileSize: UInt64, layout: AddressSpaceLayout
    ) throws(ProgramError) {
        guard segment.fileSize <= segment.memorySize else {
            throw .fileLargerThanMemory(
                segment: index, fileSize: segment.fileSize, memorySize: segment.memorySize)
        }
        let (fileEnd, fileOverflow) = segment.offset.addingReportingOverflow(segment.fileSize)
        guard segment.fileSize == 0 || !fileOverflow && fileEnd <= fileSize else {
            throw .truncated(segment: index, end: fileOverflow ? .max : fileEnd, fileSize: fileSize)
        }
        guard segment.memorySize > 0 else { return }
        let pageMask = Granule.size.rawValue - 1
        guard segment.fileSize == 0 || (segment.address ^ segment.offset) & pageMask == 0 else {
            throw .misaligned(segment: index, address: segment.address, offset: segment.offset)
        }
        let address = VirtualAddress(segment.address &+ displacement.rawValue)
        guard let end = address.adding(ByteCount(segment.memorySize)) else { throw .addressOverflow(segment: index) }
        if let last = segments.last {
            guard address >= last.address else { throw .segmentsOutOfOrder(segment: index) }
            guard address >= last.end else { throw .segmentsOverlap(segment: index, address: address.rawValue) }
        }
        guard layout.holdsSegment(address, to: end) else {
            throw .forbiddenAddress(segment: index, start: address.rawValue, end: end.rawValue)
        }
        let added = LoadSegment(
            index: index, address: address, memorySize: ByteCount(segment.memorySize),
            file: FileRange(offset: segment.fileSize == 0 ? 0 : segment.offset, size: ByteCount(segment.fileSize)),
            rights: segment.rights)
        guard segments.append(added) else { throw .tooManySegments(maximum: Self.maximumSegmentCount) }
        map(added)
        if segment.offset <= header.tableOffset, header.tableOffset - segment.offset < segment.fileSize,
            programHeaders == VirtualAddress(0)
        {
            programHeaders = address + ByteCount(header.tableOffset - segment.offset)
        }
    }

    /// The template of thread-local variables. Nothing here depends on it, so one that makes no sense is no error: nil.
    private func threadLocal(_ segment: ProgramHeader, index: Int, _ file: Span<UInt8>) -> LoadSegment? {
        let address = VirtualAddress(segment.address &+ displacement.rawValue)
        let size = ByteCount(segment.memorySize)
        guard address.adding(size) != nil, file.contains(segment.offset, size: segment.fileSize) else { return nil }
        return LoadSegment(
            index: index, address: address, memorySize: size,
            file: FileRange(offset: segment.offset, size: ByteCount(segment.fileSize)), rights: segment.rights)
    }

    /// Adds a segment's pages. Its first page may be the last page so far: then the two segments share it.
    private mutating func map(_ segment: LoadSegment) {
        var start = segment.address.roundedDownToPage
        // The end was checked to lie below 2^48.
        let end = VirtualAddress(segment.end.rawValue + Granule.size.rawValue - 1).roundedDownToPage
        breakStart = end
        if let last = mappings.last, start < last.pages.end {
            mappings.removeLast()
            if last.pages.start < start {
                mappings.append(LoadMapping(pages: VirtualRange(last.pages.start, to: start), rights: last.rights))
            }
            let shared = VirtualRange(start, to: last.pages.end)
            mappings.append(LoadMapping(pages: shared, rights: last.rights | segment.rights))
            start = last.pages.end
        }
        guard start < end else { return }
        mappings.append(LoadMapping(pages: VirtualRange(start, to: end), rights: segment.rights))
    }

    @_addressableSelf private func isInExecutableSegment(_ address: VirtualAddress) -> Bool {
        for index in segments.indices where segments[index].rights.isExecutable {
            if segments[index].address <= address && address < segments[index].end { return true }
        }
        return false
    }

    /// What the program's own note asks for: nothing both writable and executable, shared pages included.
    @_addressableSelf private func checkRights() throws(ProgramError) {
        if hasExecutableStack { throw .executableStack }
        for index in mappings.indices where mappings[index].rights.isWritableAndExecutable {
            for place in segments.indices where segments[place].end > mappings[index].pages.start {
                throw .writableAndExecutable(segment: segments[place].index)
            }
        }
    }
}

/// A part of the file, and where it goes.
public struct LoadSegment: Equatable, Sendable {
    /// Its number in the program header table.
    public let index: Int
    public let address: VirtualAddress
    /// Bytes in memory; those beyond the file's are zero.
    public let memorySize: ByteCount
    public let file: FileRange
    public let rights: Protection

    /// The address beyond its last byte.
    public var end: VirtualAddress { address + memorySize }

    static var empty: LoadSegment {
        LoadSegment(
            index: 0, address: VirtualAddress(0), memorySize: .zero, file: FileRange(offset: 0, size: .zero),
            rights: .none)
    }
}

/// Pages with the same rights.
public struct LoadMapping: Equatable, Sendable {
    public let pages: VirtualRange
    public let rights: Protection

    static var empty: LoadMapping {
        LoadMapping(pages: VirtualRange(VirtualAddress(0), to: VirtualAddress(0)), rights: .none)
    }
}

/// A list with room for `capacity` elements, held in place.
@frozen public struct PlanList<let capacity: Int, Element: Sendable>: Sendable {
    private var storage: InlineArray<capacity, Element>
    public private(set) var count = 0

    init(filler: Element) { storage = InlineArray(repeating: filler) }

    public var indices: Range<Int> { 0..<count }
    public var isEmpty: Bool { count == 0 }
    public var last: Element? {
        @_addressableSelf get { isEmpty ? nil : storage[count - 1] }
    }

    /// Traps outside ``indices``.
    public subscript(index: Int) -> Element {
        @_addressableSelf get {
            precondition(indices.contains(index), "an index within the list")
            return storage[index]
        }
    }

    @discardableResult mutating func append(_ element: Element) -> Bool {
        guard count < capacity else { return false }
        storage[count] = element
        count += 1
        return true
    }

    mutating func removeLast() {
        precondition(!isEmpty, "an element to remove")
        count -= 1
    }
}
