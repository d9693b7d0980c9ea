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
    private var indices: InlineArray<4, Int>
    private var level: Int

    init(_ tables: TranslationTables<M>, kernel: KernelMappings) {
        self.tables = tables
        self.kernel = kernel
        path = InlineArray(repeating: tables.root)
        indices = InlineArray(repeating: 0)
        level = Granule.firstLevel
    }

    /// The next table, or nil after the root.
    mutating func next() -> Visit? {
        guard level >= Granule.firstLevel else { return nil }
        while level < Granule.lastLevel, indices[level] < Granule.entriesPerTable {
            let index = indices[level]
            indices[level] = index + 1
            guard !kernel.owns(index, at: level, firstAddress: start) else { continue }
            let descriptor = tables.load(TableGeometry.entry(index, of: path[level]))
            guard descriptor.isTable(at: level) else { continue }
            level += 1
            path[level] = descriptor.frame
            indices[level] = 0
        }
        let visit = Visit(position: TablePosition(table: path[level], level: level), start: start)
        level -= 1
        return visit
    }

    /// The first address of the table at the current level: each level above contributes the entry it stands on.
    private var start: VirtualAddress {
        var address: UInt64 = 0
        var above = Granule.firstLevel
        while above < level {
            address += UInt64(indices[above] - 1) << TableGeometry.shift(at: above)
            above += 1
        }
        return VirtualAddress(address)
    }
}
