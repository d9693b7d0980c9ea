/// What an address space uses.
@frozen public struct AddressSpaceStatistics: Hashable, Sendable {
    /// Translation tables, the root included.
    public internal(set) var tables: UInt64 = 0
    /// Pages that have a frame, the shared frame of zeroes included.
    public internal(set) var residentPages: UInt64 = 0
    /// Pages that are mapped, touched or not.
    public internal(set) var mappedPages: UInt64 = 0
}

extension AddressSpace {
    /// What this address space uses at the moment, at the cost of a look at each table.
    public var statistics: AddressSpaceStatistics {
        var statistics = AddressSpaceStatistics()
        var iterator = TableIterator(tables, kernel: kernel)
        while let visit = iterator.next() {
            let record = records.tableRecord(of: visit.position.table)
            statistics.tables += 1
            statistics.residentPages += UInt64(record.resident)
            if visit.position.level == Granule.lastLevel {
                statistics.mappedPages += UInt64(record.entriesInUse)
                continue
            }
            let pages = TableGeometry.span(at: visit.position.level).wholePages
            for index in 0..<Granule.entriesPerTable
            where !kernel.owns(index, at: visit.position.level, firstAddress: visit.start) {
                let descriptor = tables.load(TableGeometry.entry(index, of: visit.position.table))
                if descriptor.isReserved { statistics.mappedPages += pages }
            }
        }
        return statistics
    }
}
