/// What ``AddressSpace/validate()`` found wrong, and where.
@frozen public struct InvariantViolation: Error {
    /// The invariant, as a sentence.
    public let invariant: StaticString
    /// The first address that the offending entry or table stands for.
    public let address: VirtualAddress
}

extension AddressSpace {
    /// Checks every invariant of the tables and their records against each other. Changes nothing; for tests and for
    /// the running kernel.
    /// - Throws: the first violation found.
    public func validate() throws(InvariantViolation) {
        var iterator = TableIterator(tables, kernel: kernel)
        var marked = 0
        while let visit = iterator.next() {
            try validate(visit)
            marked += isMarked(visit) ? 1 : 0
        }
        guard marked == sharedTables else {
            throw InvariantViolation(invariant: "the shared tables are counted", address: VirtualAddress(0))
        }
    }

    /// Whether a table is a last-level one whose descriptor is marked as that of a shared table.
    private func isMarked(_ visit: TableIterator<M>.Visit) -> Bool {
        guard visit.position.level == Granule.lastLevel, let entry = tables.lastTableEntry(towards: visit.start) else {
            return false
        }
        return tables.load(entry).isSharedTable
    }

    private func validate(_ visit: TableIterator<M>.Visit) throws(InvariantViolation) {
        let level = visit.position.level
        let record = records.tableRecord(of: visit.position.table)
        func check(_ holds: Bool, _ invariant: StaticString, at address: VirtualAddress) throws(InvariantViolation) {
            guard holds else { throw InvariantViolation(invariant: invariant, address: address) }
        }
        try check(
            records.record(of: visit.position.table).kind == .table, "a table's frame is of that kind", at: visit.start)
        let isMarked = isMarked(visit)
        try check(
            isMarked || records.count(of: visit.position.table) == 1,
            "a table that is not marked as shared has one owner", at: visit.start)

        var inUse = 0
        var resident = 0
        var run = 0
        var longestRun = 0
        for index in 0..<Granule.entriesPerTable {
            let address = visit.start + ByteCount(UInt64(index) << TableGeometry.shift(at: level))
            let descriptor = tables.load(TableGeometry.entry(index, of: visit.position.table))
            run = descriptor.isFree ? run + 1 : 0
            longestRun = max(longestRun, run)
            inUse += descriptor.isFree ? 0 : 1
            if kernel.owns(index, at: level, firstAddress: visit.start) {
                let original = tables.load(TableGeometry.entry(index, of: kernel.table))
                try check(descriptor == original, "the kernel's slots are those of its own table", at: address)
                continue
            }
            let mayBeMarked = level == Granule.lastLevel - 1
            if descriptor.isTable(at: level) {
                try check(
                    mayBeMarked || !descriptor.isSharedTable, "only last-level tables are shared", at: address)
                continue
            }
            guard !descriptor.isFree else { continue }
            let range = VirtualRange(address, to: address + TableGeometry.span(at: level))
            try check(layout.contains(range), "nothing is mapped outside the program's ranges", at: address)
            try check(
                descriptor.isWellFormed(at: level), "an entry is a state that may stand at its level", at: address)
            try check(attributes.contains(descriptor.attributeClass), "an entry's class is in the table", at: address)
            if descriptor.isReservedFile {
                try check(record.namesObjects, "a table's record says that it names objects", at: address)
                try check(objects.exists(descriptor.object), "an entry's object exists", at: address)
            }
            guard descriptor.isResident else { continue }
            resident += 1
            try validate(resident: descriptor, at: address, under: isMarked)
        }
        try check(record.entriesInUse == inUse, "a table's record counts its entries", at: visit.start)
        try check(record.resident == resident, "a table's record counts its resident pages", at: visit.start)
        try check(record.longestFreeRun >= longestRun, "a table's record bounds its longest free run", at: visit.start)
        let mayBeEmpty = level <= kernel.level || (level == Granule.lastLevel && isWarm(visit.start))
        try check(inUse > 0 || mayBeEmpty, "only the table under the next-fit pointer is empty", at: visit.start)
    }

    /// - Parameter isMarked: whether the page's table is marked as shared.
    private func validate(
        resident descriptor: Descriptor, at page: VirtualAddress, under isMarked: Bool
    ) throws(InvariantViolation) {
        func check(_ holds: Bool, _ invariant: StaticString) throws(InvariantViolation) {
            guard holds else { throw InvariantViolation(invariant: invariant, address: page) }
        }
        try check(records.contains(descriptor.frame), "a resident page's frame is RAM")
        let record = records.record(of: descriptor.frame)
        try check(record.count > 0, "a resident page's frame is owned")
        let set = attributes[descriptor.attributeClass]
        switch record.kind {
        case .anonymous, .zero:
            try check(!set.contains(.shared), "shared pages are an object's")
        case .cachedFilePage:
            let origin = records.origin(of: descriptor.frame)
            try check(
                objects.page(PageIndex(origin.page), of: ObjectNumber(origin.object)) == descriptor.frame,
                "an object's page that is mapped is the one that its object has")
        case .copiedFilePage:
            try check(!set.contains(.shared), "who shares an object's page has no copy of it")
            try check(
                objects.exists(ObjectNumber(records.origin(of: descriptor.frame).object)), "a copy's object exists")
        case .reserved, .free, .hot, .retired, .kernel, .table:
            throw InvariantViolation(invariant: "a resident page's frame holds program memory", address: page)
        }
        // What a shared table's entries say beyond the mark holds again for whoever is left: the frame has one owner.
        let granted = HardwareRights(of: set, soleOwner: record.count == 1)
        try check(descriptor.userRights.isSubset(of: granted), "the hardware grants no more than the class does")
        let mayWrite = HardwareRights(of: set, soleOwner: record.count == 1 && tables.pathIsExclusive(to: page))
        try check(
            isMarked || descriptor.userRights.isSubset(of: mayWrite), "nobody writes below a table that others own")
        try check(
            granted.subtracting(.write).isSubset(of: descriptor.userRights), "the hardware grants what the class does")
        guard descriptor.isValid else { return }
        let bits = descriptor.rawValue
        try check(DescriptorLayout.privilegedExecuteNever.isSet(in: bits), "a user page has PXN")
        try check(DescriptorLayout.notGlobal.isSet(in: bits), "a user page has nG")
        try check(
            !DescriptorLayout.dirtyManagement.isSet(in: bits) || set.contains(.shared | .write),
            "the hardware makes only shared pages writable")
        try check(!DescriptorLayout.contiguous.isSet(in: bits), "the contiguous hint is never used")
    }
}
