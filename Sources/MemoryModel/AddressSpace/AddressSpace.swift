/// What one program sees as memory: its translation tables, and what goes with them.
///
/// There is no other record of what is mapped than the tables' entries (``PageState``). Every operation reads and
/// writes them through the ``Cursor``, takes what frames it needs before its first change, and hands what it removes
/// to an ``InvalidationBatch``.
///
/// Frames come from and go to the allocator that each operation is given; `frames` there means that its caller holds
/// whatever lock guards the allocator. An address space goes by ``destroy(frames:)``, never by being dropped.
public struct AddressSpace<M: Hardware>: ~Copyable {
    let machine: M
    let kernel: KernelMappings

    /// The table at the first level. Its owner traps where an address space is dropped instead of destroyed.
    private let rootTable: Frame

    /// The frame records, where each table's counts are.
    let records: FrameTable<M>

    /// Where what lies. The stack's limit may change while the program runs.
    public internal(set) var layout: AddressSpaceLayout

    /// The distinct attribute sets that entries name.
    var attributes: AttributeTable<M>

    /// What `mmap` may pick below the kernel: ``AddressSpaceLayout/lowMapRegion`` of the start, kept.
    var mapRegion: VirtualRange

    /// Where the search for free addresses begins, below and above the kernel.
    var nextFitLow: VirtualAddress
    var nextFitHigh: VirtualAddress

    /// How far faults on fresh memory fill ahead.
    var faultWindow = FaultWindow()

    /// Whether a mapping other than the stack was made that grows down, so that searches must leave it its guard gap.
    var hasGrowingMappings = false

    /// Whether a page was ever sealed: nothing else asks whether one is.
    var hasSeals = false

    /// The lock that pages are mapped with (`MCL_FUTURE`); none in a child.
    var futureLock = AttributeSet.none

    /// How many tables are shared since a fork, or were and have not been looked at since: the level-2 descriptors that
    /// are marked so. Zero is all that an address space without relatives ever asks about sharing.
    var sharedTables = 0

    /// How many pages may be mapped before a stack no longer grows (`RLIMIT_AS`).
    public var pageLimit = UInt64.max

    /// How many pages may be locked before a locked mapping can't grow (`RLIMIT_MEMLOCK`).
    public var lockLimit = UInt64.max

    /// The heap, from its start to the program break.
    public internal(set) var heapStart: VirtualAddress
    public internal(set) var programBreak: VirtualAddress

    /// The tag of this address space's entries in the TLBs. `ASIDAllocator.activate(_:on:_:)` renews it at each switch
    /// to this address space.
    public var context: AddressSpaceContext

    /// An address space in which nothing but the kernel is mapped.
    ///
    /// - Parameters:
    ///   - kernel: the kernel's slots, copied as they are now.
    /// - Throws: ``MapError/outOfMemory``, having taken nothing.
    public init(
        machine: M, layout: AddressSpaceLayout, kernel: KernelMappings, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var reserve = try TableReserve(kernel.level + 1 - Granule.firstLevel, machine: machine, frames: &frames)
        guard let attributeFrame = frames.takeZeroed(.kernel) else {
            reserve.giveBack(to: &frames)
            throw .outOfMemory
        }
        let records = frames.table
        let root = reserve.takeTable()
        let tables = TranslationTables(machine: machine, records: records, root: root.number)
        var place = tables.rootPosition
        while place.level < kernel.level {
            tables.split(&place, towards: VirtualAddress(0), with: reserve.takeTable())
        }
        reserve.giveBack(to: &frames)
        var record = TableRecord.empty
        for index in kernel.slots {
            let slot = tables.load(TableGeometry.entry(index, of: kernel.table))
            guard !slot.isFree else { continue }
            machine.store(slot.rawValue, at: TableGeometry.entry(index, of: place.table))
            record.add(entries: 1, resident: 0)
        }
        records.setTableRecord(record, of: place.table)
        machine.orderTableWrites()

        self.machine = machine
        self.kernel = kernel
        rootTable = root
        self.records = records
        self.layout = layout
        attributes = AttributeTable(machine: machine, frame: attributeFrame.relinquish())
        mapRegion = layout.lowMapRegion
        nextFitLow = layout.mapBase
        nextFitHigh = layout.highMapBase
        heapStart = layout.mapBase
        programBreak = layout.mapBase
        context = .none
    }

    /// An address space like `parent`, with nothing in its tables yet.
    init(childOf parent: borrowing AddressSpace<M>, root: consuming Frame, attributes: AttributeTable<M>) {
        machine = parent.machine
        kernel = parent.kernel
        rootTable = root
        records = parent.records
        layout = parent.layout
        self.attributes = attributes
        mapRegion = parent.mapRegion
        pageLimit = parent.pageLimit
        lockLimit = parent.lockLimit
        nextFitLow = parent.nextFitLow
        nextFitHigh = parent.nextFitHigh
        hasGrowingMappings = parent.hasGrowingMappings
        hasSeals = parent.hasSeals
        heapStart = parent.heapStart
        programBreak = parent.programBreak
        context = .none
    }

    /// What `TTBR0_EL1` holds while this address space is installed, ASID aside.
    public var rootAddress: PhysicalAddress { root.address }

    @inline(__always) var root: FrameNumber { rootTable.number }

    /// The tables, for reading and for the cursor.
    @inline(__always) var tables: TranslationTables<M> {
        TranslationTables(machine: machine, records: records, root: root)
    }

    /// The tag to invalidate by; nil where no TLB ever held anything of this address space.
    @inline(__always) var asid: ASID? { context == .none ? nil : context.asid }

    @inline(__always) func makeBatch() -> InvalidationBatch<M> {
        InvalidationBatch(machine: machine, records: records, kernel: kernel, asid: asid)
    }

    /// The objects that entries name.
    var objects: ObjectTable<M> { ObjectTable(machine: machine, kernel: kernel, records: records) }

    // MARK: Attribute classes

    /// The class of `set`.
    /// - Parameter kept: classes that the operation needs though no entry names them yet.
    /// - Throws: ``MapError/outOfMemory`` where 256 distinct sets are in use.
    @inline(__always) mutating func intern(
        _ set: AttributeSet, keeping kept: ClassSet? = nil
    ) throws(MapError) -> AttributeClass {
        if let attributes = attributes.intern(set) { return attributes }
        return try sweepAndIntern(set, keeping: kept)
    }

    @inline(never) private mutating func sweepAndIntern(
        _ set: AttributeSet, keeping kept: ClassSet?
    ) throws(MapError) -> AttributeClass {
        sweepClasses(keeping: kept)
        guard let attributes = attributes.intern(set) else { throw .outOfMemory }
        return attributes
    }

    /// Vacates the classes that no entry names.
    /// - Parameter kept: those to be kept all the same.
    mutating func sweepClasses(keeping kept: ClassSet? = nil) {
        var used = kept ?? ClassSet()
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            let level = visit.position.level
            var entries = EntriesInUse(tables, of: visit.position.table)
            while let (index, descriptor) = entries.next() {
                guard !descriptor.isTable(at: level), !kernel.owns(index, at: level, firstAddress: visit.start) else {
                    continue
                }
                used.insert(descriptor.attributeClass)
            }
        }
        attributes.sweep(keeping: used)
    }

    // MARK: The end

    /// Gives back every frame and table. No CPU has this address space installed any more.
    public consuming func destroy(frames: inout FrameAllocator<M>) {
        if let asid {
            machine.orderTableWrites()
            machine.invalidate(asid: asid)
            machine.completeInvalidation()
        }
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            let table = visit.position.table
            // What the entries of a shared table hold belongs to the table: the last of its owners gives it back.
            if frames.isSoleOwner(table) { releaseReferences(of: visit, frames: &frames) }
            if table != root { frames.release(Frame(adopting: table)) }
        }
        frames.release(Frame(adopting: attributes.frame))
        frames.release(rootTable)
    }

    /// Drops the references that a table's entries hold. No TLB knows of them any more.
    private func releaseReferences(of visit: TableIterator<M>.Visit, frames: inout FrameAllocator<M>) {
        let level = visit.position.level
        if records.tableRecord(of: visit.position.table).namesObjects {
            releaseObjects(of: visit, frames: &frames)
        }
        if level == Granule.lastLevel { releasePages(of: visit.position.table, frames: &frames) }
    }

    /// Drops the references on frames that the entries of a last-level table hold.
    func releasePages(of table: FrameNumber, frames: inout FrameAllocator<M>) {
        var left = records.tableRecord(of: table).resident
        var index = 0
        while left > 0, let found = tables.firstInUse(of: table, from: index) {
            let descriptor = tables.load(TableGeometry.entry(found, of: table))
            if descriptor.isResident {
                frames.release(Frame(adopting: descriptor.frame))
                left -= 1
            }
            index = found + 1
        }
    }
}
