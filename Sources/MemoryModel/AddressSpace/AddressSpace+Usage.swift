/// How much is mapped, for limits on it (`RLIMIT_AS`, `RLIMIT_DATA`): counted when somebody has set one, and kept nowhere.
extension AddressSpace {
    /// The pages that are mapped in `range`, touched or not.
    public func mappedPages(in range: VirtualRange) -> UInt64 { countPages(in: range) { _ in true } }

    /// The pages that count as data: private, writable, and no stack (Linux mm/internal.h, `is_data_mapping`).
    public var dataPages: UInt64 { dataPages(in: layout.low) + dataPages(in: layout.high) }

    private func dataPages(in range: VirtualRange) -> UInt64 {
        countPages(in: range) { $0.contains(.write) && $0.isDisjoint(with: .shared | .growsDown) }
    }

    /// The pages in `range` that would become data by being writable.
    public func pagesNotYetData(in range: VirtualRange) -> UInt64 {
        countPages(in: range) { $0.isDisjoint(with: .write | .shared | .growsDown) }
    }

    /// The pages of `range` that are mapped with attributes for which `isCounted` holds; of an entry that lies across an
    /// end of it, those within. Parts of the range that no program can map count nothing.
    func countPages(in range: VirtualRange, where isCounted: (AttributeSet) -> Bool) -> UInt64 {
        countPages(inPart: range.intersection(layout.low), where: isCounted)
            + countPages(inPart: range.intersection(layout.high), where: isCounted)
    }

    private func countPages(inPart part: VirtualRange?, where isCounted: (AttributeSet) -> Bool) -> UInt64 {
        guard let part else { return 0 }
        var count: UInt64 = 0
        var seen: AttributeClass?
        var counts = false
        var cursor = Cursor(tables, over: part)
        repeat {
            let descriptor = cursor.descriptor
            guard !descriptor.isFree else { continue }
            if descriptor.attributeClass != seen {
                seen = descriptor.attributeClass
                counts = isCounted(attributes[descriptor.attributeClass])
            }
            if counts { count += (min(cursor.entryEnd, part.end) - cursor.position).wholePages }
        } while cursor.advance()
        return count
    }

    /// Whether a mapping with `set` may grow by `length` on its own, as a stack does by a fault and any by `mremap`
    /// (Linux mm/mmap.c, `acct_stack_growth`; mm/mremap.c, `vma_to_resize`).
    /// - Throws: ``MapError/tryAgain`` beyond the limit on locked pages, ``MapError/outOfMemory`` beyond the one on all.
    func checkGrowth(by length: ByteCount, of set: AttributeSet) throws(MapError) {
        if set.contains(.locked) && !mayLock(length) { throw .tryAgain }
        guard pageLimit == .max || statistics.mappedPages + length.wholePages <= pageLimit else { throw .outOfMemory }
    }
}
