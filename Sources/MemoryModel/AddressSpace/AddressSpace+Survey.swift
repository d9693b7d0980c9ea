/// Adjacent pages that a program sees as one mapping: the same attributes, and the same object with continuing pages or
/// none. What one line of Linux's `/proc/PID/maps` tells.
@frozen public struct MappedRun: Hashable, Sendable {
    public let start: VirtualAddress
    /// The first address beyond.
    public internal(set) var end: VirtualAddress

    /// What the program asked for; without guards, which are a page's and not a mapping's.
    public let attributes: AttributeSet

    /// What the pages show; nil for memory of the program's own.
    public let object: MappedObject?

    @inlinable public var pageCount: UInt64 { (end - start).wholePages }
}

/// Looking at what is mapped, run by run: what `/proc/PID/maps` and its like tell. Nothing is kept for it; the tables are
/// read when somebody asks.
extension AddressSpace {
    /// The first run that has an address at or beyond `start`, from there on.
    public func run(from start: VirtualAddress) -> MappedRun? {
        var limit = Int.max
        return firstRun(from: start, entries: &limit) { _, _, _ in }
    }

    /// The same, with what its pages hold added to `use`.
    public func run(from start: VirtualAddress, measuring use: inout PageUse) -> MappedRun? {
        var limit = Int.max
        return firstRun(from: start, entries: &limit) { descriptor, table, attributes in
            add(descriptor, table, attributes, to: &use)
        }
    }

    /// The same, measured where `use` is given, for as many entries as `limit` says, which becomes 0 where the run may go
    /// on behind them: whoever holds up others gives them their turn, and then goes on with
    /// ``extend(_:entries:measuring:)``.
    public func run(
        from start: VirtualAddress, entries limit: inout Int, measuring use: inout PageUse?
    ) -> MappedRun? {
        firstRun(from: start, entries: &limit) { descriptor, table, attributes in
            if use != nil { add(descriptor, table, attributes, to: &use!) }
        }
    }

    /// Goes on with a run behind its end, as far as it goes on there, for as many entries as `limit` says.
    public func extend(_ run: inout MappedRun, entries limit: inout Int, measuring use: inout PageUse?) {
        let end = run.end < layout.low.end ? layout.low.end : layout.high.end
        // A run ends where an area does.
        guard run.end < end, run.end != layout.low.end else { return }
        let longer = firstRun(in: VirtualRange(run.end, to: end), goingOnWith: run, entries: &limit) {
            descriptor, table, attributes in
            if use != nil { add(descriptor, table, attributes, to: &use!) }
        }
        if let longer { run = longer }
    }

    private func add(
        _ descriptor: Descriptor, _ table: FrameNumber, _ attributes: AttributeSet, to use: inout PageUse
    ) {
        guard descriptor.isResident else { return }
        use.add(descriptor, attributes, facts(of: descriptor, under: table))
    }

    @inline(__always) private func firstRun(
        from start: VirtualAddress, entries limit: inout Int,
        _ visit: (Descriptor, FrameNumber, AttributeSet) -> Void
    ) -> MappedRun? {
        let page = start.roundedDownToPage
        if page < layout.low.end {
            let area = VirtualRange(max(page, layout.low.start), to: layout.low.end)
            if let run = firstRun(in: area, entries: &limit, visit) { return run }
        }
        let high = max(page, layout.high.start)
        return high < layout.high.end
            ? firstRun(in: VirtualRange(high, to: layout.high.end), entries: &limit, visit) : nil
    }

    private func firstRun(
        in area: VirtualRange, goingOnWith known: MappedRun? = nil, entries limit: inout Int,
        _ visit: (Descriptor, FrameNumber, AttributeSet) -> Void
    ) -> MappedRun? {
        var cursor = Cursor(tables, over: area)
        var run = known
        var lastClass: AttributeClass?
        repeat {
            let descriptor = cursor.descriptor
            let position = cursor.position
            guard !descriptor.isFree else {
                if run != nil { return run }
                continue
            }
            if limit == 0 { return run }
            let object = mappedObject(of: descriptor, at: position, level: cursor.place.level)
            if let known = run {
                if descriptor.attributeClass != lastClass {
                    guard attributes(of: descriptor) == known.attributes else { return run }
                }
                guard object == known.object?.advanced(by: known.end - known.start) else { return run }
                run?.end = min(cursor.entryEnd, area.end)
            } else {
                run = MappedRun(
                    start: position, end: min(cursor.entryEnd, area.end), attributes: attributes(of: descriptor),
                    object: object)
            }
            // Only what is the run's counts: one that ends here is not to be gone on with for ever.
            limit -= 1
            lastClass = descriptor.attributeClass
            visit(descriptor, cursor.place.table, attributes[descriptor.attributeClass])
        } while cursor.advance()
        return run
    }

    private func attributes(of descriptor: Descriptor) -> AttributeSet {
        attributes[descriptor.attributeClass].subtracting(.guardPage)
    }

    /// The object's page that an entry shows at `address`; nil for memory of the program's own.
    private func mappedObject(of descriptor: Descriptor, at address: VirtualAddress, level: Int) -> MappedObject? {
        if descriptor.isReservedFile {
            let first = MappedObject(descriptor.object, firstPage: descriptor.pageIndex)
            return first.advanced(by: address - TableGeometry.start(of: address, at: level))
        }
        guard descriptor.isResident, records.record(of: descriptor.frame).kind.hasOrigin else { return nil }
        let origin = records.origin(of: descriptor.frame)
        return MappedObject(ObjectNumber(origin.object), firstPage: PageIndex(origin.page))
    }

    /// Who else has a resident page, and where its content comes from.
    private func facts(of descriptor: Descriptor, under table: FrameNumber) -> PageFacts {
        let record = records.record(of: descriptor.frame)
        let isWritten = FrameRecord.State.dirty.isSet(in: record.state) || descriptor.userRights.contains(.write)
        // The object's own reference is no mapping. A table that is shared maps the page for each of its owners.
        let ownReferences: UInt64 = record.kind == .cachedFilePage ? 1 : 0
        return PageFacts(
            kind: record.kind, isDirty: record.kind != .cachedFilePage || isWritten,
            isRecoverable: record.kind == .cachedFilePage && !isWritten && records.isRecoverable(descriptor.frame),
            mappings: record.count - ownReferences - 1 + records.count(of: table))
    }

    // MARK: pagemap

    /// Calls `body` with what Linux's `/proc/PID/pagemap` says of each page of a range, in order
    /// (Documentation/admin-guide/mm/pagemap.rst).
    ///
    /// Bits: 56 exclusively mapped, 61 a file's or shared, 63 present. The frame's number, bits 0 to 54, is 0, as for who
    /// may not know it; 55 (soft-dirty) and 62 (swapped) are never set.
    /// - Parameter range: below ``AddressSpaceLayout/addressLimit``.
    public func forEachPage(of range: VirtualRange, _ body: (UInt64) -> Void) {
        var position = range.start
        while position < range.end {
            let isLow = layout.low.contains(position)
            if isLow || layout.high.contains(position) {
                let end = min(isLow ? layout.low.end : layout.high.end, range.end)
                forEachMappablePage(of: VirtualRange(position, to: end), body)
                position = end
            } else {
                // Nothing of a program's can be there.
                body(0)
                position = position + Granule.size
            }
        }
    }

    private func forEachMappablePage(of range: VirtualRange, _ body: (UInt64) -> Void) {
        var cursor = Cursor(tables, over: range)
        repeat {
            let descriptor = cursor.descriptor
            let word = descriptor.isFree ? 0 : pageMapWord(of: descriptor, at: cursor.place)
            var pages = (min(cursor.entryEnd, range.end) - cursor.position).wholePages
            while pages > 0 {
                body(word)
                pages -= 1
            }
        } while cursor.advance()
    }

    private func pageMapWord(of descriptor: Descriptor, at place: TablePosition) -> UInt64 {
        guard place.level == Granule.lastLevel, descriptor.isResident else { return 0 }
        let facts = facts(of: descriptor, under: place.table)
        let present: UInt64 = 1 << 63
        switch facts.kind {
        // Linux too knows nothing of the page of zeroes but that it is there.
        case .zero: return present
        case .cachedFilePage: return present | 1 << 61 | (facts.mappings == 1 ? 1 << 56 : 0)
        default: return present | (facts.mappings == 1 ? 1 << 56 : 0)
        }
    }
}

extension MappedObject {
    /// The same object from a later page on.
    @inlinable func advanced(by length: ByteCount) -> MappedObject {
        let index = UInt64(firstPage.rawValue) &+ length.wholePages
        return MappedObject(number, firstPage: PageIndex(UInt32(truncatingIfNeeded: index)))
    }
}

/// What ``PageUse`` counts by.
struct PageFacts {
    let kind: FrameKind
    let isDirty: Bool
    /// The content could be had again from where it came.
    let isRecoverable: Bool
    /// Address spaces that map the frame, as far as this one can tell.
    let mappings: UInt64
}

/// What resident pages hold and who shares them: the figures of Linux's `/proc/PID/smaps`. Bytes; the proportional ones in
/// 4,096ths of a byte, as there (`PSS_SHIFT`).
@frozen public struct PageUse: Hashable, Sendable {
    public internal(set) var sharedClean: UInt64 = 0
    public internal(set) var sharedDirty: UInt64 = 0
    public internal(set) var privateClean: UInt64 = 0
    public internal(set) var privateDirty: UInt64 = 0
    public internal(set) var referenced: UInt64 = 0

    /// Of it: pages of no object, and private copies.
    public internal(set) var anonymous: UInt64 = 0
    /// Of it: objects' pages that could be had again from where they came.
    public internal(set) var file: UInt64 = 0
    /// Of it: objects' pages that are nowhere else.
    public internal(set) var sharedMemory: UInt64 = 0

    public internal(set) var proportionalAnonymous: UInt64 = 0
    public internal(set) var proportionalFile: UInt64 = 0
    public internal(set) var proportionalSharedMemory: UInt64 = 0
    public internal(set) var proportionalDirty: UInt64 = 0
    public internal(set) var proportionalLocked: UInt64 = 0

    @inlinable public init() {}

    /// All that is resident, the page of zeroes apart, which belongs to nobody.
    @inlinable public var resident: UInt64 { anonymous + file + sharedMemory }

    /// The same, each page divided by those who map it.
    @inlinable public var proportional: UInt64 {
        proportionalAnonymous + proportionalFile + proportionalSharedMemory
    }

    /// Counts one resident page (Linux fs/proc/task_mmu.c, smaps_account).
    mutating func add(_ descriptor: Descriptor, _ attributes: AttributeSet, _ facts: PageFacts) {
        guard facts.kind != .zero else { return }
        let size = Granule.size.rawValue
        let share = (size << 12) / max(1, facts.mappings)
        let isShared = facts.mappings > 1
        switch facts.kind {
        case .cachedFilePage where !facts.isRecoverable:
            sharedMemory += size
            proportionalSharedMemory += share
        case .cachedFilePage:
            file += size
            proportionalFile += share
        default:
            anonymous += size
            proportionalAnonymous += share
        }
        if facts.isDirty {
            proportionalDirty += share
            if isShared { sharedDirty += size } else { privateDirty += size }
        } else {
            if isShared { sharedClean += size } else { privateClean += size }
        }
        if descriptor.isValid && descriptor.isAccessed { referenced += size }
        if attributes.contains(.locked) { proportionalLocked += share }
    }
}

/// How much of a program's memory is of which kind, by what it asked for: pages.
@frozen public struct MappedSizes: Hashable, Sendable {
    /// All that is mapped.
    public internal(set) var total: UInt64 = 0
    /// Private, writable, and no stack (Linux mm/internal.h, is_data_mapping).
    public internal(set) var data: UInt64 = 0
    /// Grows down (is_stack_mapping).
    public internal(set) var stack: UInt64 = 0
    /// Executable, not writable, and no stack (is_exec_mapping).
    public internal(set) var executable: UInt64 = 0
    public internal(set) var locked: UInt64 = 0

    @inlinable public init() {}

    /// Counts a run.
    public mutating func add(_ run: MappedRun) {
        let pages = run.pageCount
        let set = run.attributes
        total += pages
        if !set.isDisjoint(with: .locked | .lockedOnFault) { locked += pages }
        if set.contains(.growsDown) {
            stack += pages
        } else if set.contains(.write) {
            if !set.contains(.shared) { data += pages }
        } else if set.contains(.execute) {
            executable += pages
        }
    }
}

extension AddressSpace {
    /// Resident pages of locked mappings.
    public var residentLockedPages: UInt64 {
        guard attributes.classes(having: .locked | .lockedOnFault) != nil else { return 0 }
        var locked: UInt64 = 0
        var end = VirtualAddress(0)
        while true {
            var use = PageUse()
            guard let run = run(from: end, measuring: &use) else { return locked }
            end = run.end
            if !run.attributes.isDisjoint(with: .locked | .lockedOnFault) {
                locked += use.resident >> Granule.shift
            }
        }
    }
}
