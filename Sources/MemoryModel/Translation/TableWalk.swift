/// Where a walk from the root towards an address ends: the deepest table on the path.
struct TablePosition {
    var table: FrameNumber
    var level: Int

    /// The entry that `address` selects in this table.
    @inline(__always) func entry(for address: VirtualAddress) -> PhysicalAddress {
        TableGeometry.entry(TableGeometry.index(of: address, at: level), of: table)
    }
}

/// The tables of one address space, reached from its root: walking down, without changing anything.
///
/// A name for the tables, copied freely; it owns nothing.
struct TranslationTables<M: Hardware> {
    let machine: M
    let records: FrameTable<M>
    let root: FrameNumber

    @inline(__always) init(machine: M, records: FrameTable<M>, root: FrameNumber) {
        self.machine = machine
        self.records = records
        self.root = root
    }

    @inline(__always) func load(_ entry: PhysicalAddress) -> Descriptor { Descriptor(rawValue: machine.load(entry)) }

    @inline(__always) var rootPosition: TablePosition { TablePosition(table: root, level: Granule.firstLevel) }

    /// Walks down while `position` selects tables for `address`.
    @inline(__always) func descend(_ position: inout TablePosition, towards address: VirtualAddress) {
        while position.level < Granule.lastLevel {
            let descriptor = load(position.entry(for: address))
            guard descriptor.isTable(at: position.level) else { return }
            position.table = descriptor.frame
            position.level &+= 1
        }
    }

    /// The deepest table on the path of `address`.
    @inline(__always) func deepest(towards address: VirtualAddress) -> TablePosition {
        var position = rootPosition
        descend(&position, towards: address)
        return position
    }

    /// The descriptor of the last-level table on the path of `address`; nil where there is none.
    @inline(__always) func lastTable(towards address: VirtualAddress) -> Descriptor? {
        var level = Granule.firstLevel
        var descriptor = load(rootPosition.entry(for: address))
        while level < Granule.lastLevel - 1 {
            guard descriptor.isTable(at: level) else { return nil }
            level &+= 1
            descriptor = load(TablePosition(table: descriptor.frame, level: level).entry(for: address))
        }
        return descriptor.isTable(at: level) ? descriptor : nil
    }

    /// Where the descriptor of the last-level table on the path of `address` lies; nil where there is none.
    @inline(__always) func lastTableEntry(towards address: VirtualAddress) -> PhysicalAddress? {
        var position = rootPosition
        while true {
            let entry = position.entry(for: address)
            let descriptor = load(entry)
            guard descriptor.isTable(at: position.level) else { return nil }
            if position.level == Granule.lastLevel - 1 { return entry }
            position.table = descriptor.frame
            position.level &+= 1
        }
    }

    /// The first address of `range` that a last-level table stands for whose descriptor is marked as shared.
    func firstShared(in range: VirtualRange) -> VirtualAddress? {
        var address = range.start
        while address < range.end {
            var position = rootPosition
            var descriptor = load(position.entry(for: address))
            while position.level < Granule.lastLevel - 1, descriptor.isTable(at: position.level) {
                position = TablePosition(table: descriptor.frame, level: position.level + 1)
                descriptor = load(position.entry(for: address))
            }
            if descriptor.isTable(at: position.level) && descriptor.isSharedTable { return address }
            address = TableGeometry.start(of: address, at: position.level) + TableGeometry.span(at: position.level)
        }
        return nil
    }

    /// Whether every table on the path of `address` belongs to this address space alone: half of the ownership rule,
    /// whose other half is the frame's own count.
    func pathIsExclusive(to address: VirtualAddress) -> Bool {
        var position = rootPosition
        while true {
            guard records.count(of: position.table) == 1 else { return false }
            let descriptor = load(position.entry(for: address))
            guard descriptor.isTable(at: position.level) else { return true }
            position.table = descriptor.frame
            position.level += 1
        }
    }
}

extension TranslationTables {
    /// Counts entries of a last-level table that have got frames.
    @inline(__always) func count(resident: Int, in table: FrameNumber) {
        var record = records.tableRecord(of: table)
        record.resident += resident
        records.setTableRecord(record, of: table)
    }
}

/// The entries in use of a table, from the first one to the last: as many as its record says.
struct EntriesInUse<M: Hardware> {
    private let tables: TranslationTables<M>
    private let table: FrameNumber
    private var index = 0
    private var left: Int

    @inline(__always) init(_ tables: TranslationTables<M>, of table: FrameNumber) {
        self.tables = tables
        self.table = table
        left = tables.records.tableRecord(of: table).entriesInUse
    }

    /// The next one as it is found, and which of its table it is.
    @inline(__always) mutating func next() -> (index: Int, descriptor: Descriptor)? {
        guard left > 0, let found = tables.firstInUse(of: table, from: index) else { return nil }
        index = found &+ 1
        left &-= 1
        return (found, tables.load(TableGeometry.entry(found, of: table)))
    }
}

/// Visits every table of an address space that belongs to its program, each after the tables below it.
///
/// A loop with four places of memory, whatever the tables hold: no recursion.
struct TableIterator<M: Hardware> {
    /// A table as the visit found it.
    struct Visit {
        var position: TablePosition
        /// The first address that the table stands for.
        var start: VirtualAddress
    }

    let tables: TranslationTables<M>
    let kernel: KernelMappings
    private var path: InlineArray<4, FrameNumber>
    private var starts: InlineArray<4, VirtualAddress>
    private var indices: InlineArray<4, Int>
    /// The entries in use that each table on the path has from its index on, as its record says.
    private var left: InlineArray<4, Int>
    private var level: Int

    init(_ tables: TranslationTables<M>, kernel: KernelMappings) {
        self.tables = tables
        self.kernel = kernel
        path = InlineArray(repeating: tables.root)
        starts = InlineArray(repeating: VirtualAddress(0))
        indices = InlineArray(repeating: 0)
        left = InlineArray(repeating: tables.records.tableRecord(of: tables.root).entriesInUse)
        level = Granule.firstLevel
    }

    /// The next table, or nil after the root.
    mutating func next() -> Visit? {
        guard level >= Granule.firstLevel else { return nil }
        while level < Granule.lastLevel, let index = nextTable() {
            let start = starts[level] + ByteCount(UInt64(index) << TableGeometry.shift(at: level))
            let table = tables.load(TableGeometry.entry(index, of: path[level])).frame
            level += 1
            path[level] = table
            starts[level] = start
            indices[level] = 0
            left[level] = tables.records.tableRecord(of: table).entriesInUse
        }
        let visit = Visit(position: TablePosition(table: path[level], level: level), start: starts[level])
        level -= 1
        return visit
    }

    /// The index of the next entry that is a table of the program's, in the table that the iterator is in.
    private mutating func nextTable() -> Int? {
        while left[level] > 0, let index = tables.firstInUse(of: path[level], from: indices[level]) {
            left[level] -= 1
            indices[level] = index + 1
            let descriptor = tables.load(TableGeometry.entry(index, of: path[level]))
            if descriptor.isTable(at: level), !kernel.owns(index, at: level, firstAddress: starts[level]) {
                return index
            }
        }
        return nil
    }
}
