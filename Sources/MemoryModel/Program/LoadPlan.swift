/// How a static AArch64 program becomes memory: what to map, what to copy there, where to begin.
///
/// A value of fixed size computed from the file's bytes alone; the kernel carries it out, the host's command uses it to
/// say beforehand why a file can't run. Every address in it has been checked against the layout of the address space.
///
/// To carry it out, for each of ``segments``: map its ``LoadSegment/filePages`` privately from the file, map its
/// ``LoadSegment/zeroPages``, and zero its ``LoadSegment/zeroedTail`` (Linux fs/binfmt_elf.c, load_elf_binary).
public struct LoadPlan: Sendable {
    /// Segments to load that are accepted.
    public static var maximumSegmentCount: Int { 32 }

    /// The program's segments, ascending and disjoint, their pages too. Empty ones are left out.
    public private(set) var segments = PlanList<32, LoadSegment>(filler: .empty)

    /// The address of the first instruction.
    public let entry: VirtualAddress

    /// Where the program finds its program headers (`AT_PHDR`): 0 where no segment holds them, as Linux has it.
    public private(set) var programHeaders = VirtualAddress(0)
    public let programHeaderCount: UInt16
    /// Bytes of one program header (`AT_PHENT`).
    public var programHeaderSize: ByteCount { ByteCount(ELFHeader.programHeaderByteCount) }

    /// Where the program break starts: the first page above all segments.
    public private(set) var breakStart = VirtualAddress(0)

    /// What the last segment has from the file: the program's own data (Linux fs/binfmt_elf.c, `start_data` and `end_data`).
    public var data: (start: VirtualAddress, end: VirtualAddress) {
        @_addressableSelf get {
            guard let last = segments.last else { return (VirtualAddress(0), VirtualAddress(0)) }
            return (last.address, last.fileEnd)
        }
    }

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
    public init<File: ProgramBytes & ~Escapable>(
        _ file: borrowing File, layout: AddressSpaceLayout = .standard
    ) throws(ProgramError) {
        let header = try ELFHeader(file)
        let survey = try ProgramSurvey(file, header, imageBase: layout.imageBase)
        isPositionIndependent = header.isPositionIndependent
        displacement = survey.displacement
        programHeaderCount = header.programHeaderCount
        refusesWritableAndExecutable = survey.notes.refusesWritableAndExecutable
        identifiesBranchTargets = survey.properties.identifiesBranchTargets
        entry = VirtualAddress(header.entry &+ survey.displacement.rawValue)
        for index in 0..<Int(header.programHeaderCount) {
            let segment = try ProgramHeader(file, header, index: index)
            switch segment.kind {
            case .load:
                try add(segment, index: index, header: header, fileSize: file.byteCount, layout: layout)
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
        // A segment without bytes in the file that begins within a page has the page's beginning from there.
        let hasFilePages = segment.fileSize > 0 || segment.address & pageMask != 0
        guard !hasFilePages || (segment.address ^ segment.offset) & pageMask == 0 else {
            throw .misaligned(segment: index, address: segment.address, offset: segment.offset)
        }
        guard !hasFilePages || segment.offset & ~pageMask < fileSize else {
            throw .truncated(segment: index, end: segment.offset, fileSize: fileSize)
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
            file: FileRange(offset: hasFilePages ? segment.offset : 0, size: ByteCount(segment.fileSize)),
            rights: segment.rights)
        guard added.zeroedTail == nil || added.rights.isWritable else { throw .zeroesNotWritable(segment: index) }
        // A page that the last segment has too becomes this one's.
        segments.updateLast { $0.pagesEnd = min($0.pagesEnd, added.pages.start) }
        guard segments.append(added) else { throw .tooManySegments(maximum: Self.maximumSegmentCount) }
        breakStart = added.pagesEnd
        if segment.offset <= header.tableOffset, header.tableOffset - segment.offset < segment.fileSize,
            programHeaders == VirtualAddress(0)
        {
            programHeaders = address + ByteCount(header.tableOffset - segment.offset)
        }
    }

    /// The template of thread-local variables. Nothing here depends on it, so one that makes no sense is no error: nil.
    private func threadLocal<File: ProgramBytes & ~Escapable>(
        _ segment: ProgramHeader, index: Int, _ file: borrowing File
    ) -> LoadSegment? {
        let address = VirtualAddress(segment.address &+ displacement.rawValue)
        let size = ByteCount(segment.memorySize)
        guard let end = address.adding(size), end < AddressSpaceLayout.addressLimit,
            file.contains(segment.offset, size: segment.fileSize)
        else { return nil }
        return LoadSegment(
            index: index, address: address, memorySize: size,
            file: FileRange(offset: segment.offset, size: ByteCount(segment.fileSize)), rights: segment.rights)
    }

    @_addressableSelf private func isInExecutableSegment(_ address: VirtualAddress) -> Bool {
        for index in segments.indices where segments[index].rights.isExecutable {
            if segments[index].address <= address && address < segments[index].end { return true }
        }
        return false
    }

    /// What the program's own note asks for: nothing both writable and executable. Whole pages of zeroes are writable
    /// whatever their segment says.
    @_addressableSelf private func checkRights() throws(ProgramError) {
        if hasExecutableStack { throw .executableStack }
        for index in segments.indices where segments[index].rights.isExecutable {
            guard !segments[index].rights.isWritable, segments[index].zeroPages.isEmpty else {
                throw .writableAndExecutable(segment: segments[index].index)
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

    /// Where its pages end: behind its last byte, or where those of the next segment begin.
    fileprivate(set) var pagesEnd: VirtualAddress

    init(index: Int, address: VirtualAddress, memorySize: ByteCount, file: FileRange, rights: Protection) {
        self.index = index
        self.address = address
        self.memorySize = memorySize
        self.file = file
        self.rights = rights
        pagesEnd = Self.pageBoundary(above: address + memorySize)
    }

    /// The address beyond its last byte.
    public var end: VirtualAddress { address + memorySize }

    /// The address beyond its last byte in the file.
    var fileEnd: VirtualAddress { address + file.size }

    /// All pages that it is given.
    public var pages: VirtualRange { VirtualRange(address.roundedDownToPage, to: pagesEnd) }

    /// Those of them that show the file: its bytes, and what lies beside them there.
    public var filePages: VirtualRange {
        VirtualRange(pages.start, to: min(Self.pageBoundary(above: fileEnd), pagesEnd))
    }

    /// The file's page that the first of ``filePages`` shows.
    public var firstFilePage: UInt64 { ByteCount(file.offset).wholePages }

    /// Those of its pages that are memory of the program's own: whole pages of zeroes.
    public var zeroPages: VirtualRange { VirtualRange(filePages.end, to: pagesEnd) }

    /// What a program may do with ``zeroPages``: write in any case (Linux mm/mmap.c, vm_brk_flags).
    public var zeroRights: Protection { rights.isExecutable ? .all : .readWrite }

    /// The rest of its last file page, from the end of the file's bytes on, where the segment has zeroes; nil where it has
    /// none there.
    public var zeroedTail: VirtualAddress? {
        guard memorySize > file.size, !fileEnd.isPageAligned, fileEnd < pagesEnd else { return nil }
        return fileEnd
    }

    /// The first page boundary not below an address, which lies below 2^48.
    private static func pageBoundary(above address: VirtualAddress) -> VirtualAddress {
        VirtualAddress(address.rawValue + Granule.size.rawValue - 1).roundedDownToPage
    }

    static var empty: LoadSegment {
        LoadSegment(
            index: 0, address: VirtualAddress(0), memorySize: .zero, file: FileRange(offset: 0, size: .zero),
            rights: .none)
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

    /// Changes the last element, if there is one.
    mutating func updateLast(_ change: (inout Element) -> Void) {
        if count > 0 { change(&storage[count - 1]) }
    }
}
