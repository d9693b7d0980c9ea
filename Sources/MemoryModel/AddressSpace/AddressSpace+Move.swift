/// `mremap`: what is asked, in the order in which Linux asks (mm/mremap.c). How pages move is in `PageMove.swift`.
extension AddressSpace {
    /// Moves, grows or shrinks a mapping.
    ///
    /// - Throws: ``MapError``, with every page as it was, those at a fixed destination too. Linux 6.1 has unmapped
    ///   these by then.
    public mutating func move(
        _ request: MoveRequest, frames: inout FrameAllocator<M>
    ) throws(MapError) -> MoveResult {
        let options = request.options
        guard options.contains(.mayMove) || options.isDisjoint(with: .fixed | .dontUnmap),
            !options.contains(.dontUnmap) || request.oldLength == request.newLength,
            request.source.isPageAligned
        else { throw .invalidArgument }
        // A length that wraps when it is rounded is 0, as it is to Linux.
        let oldLength = request.oldLength.roundedUpToPages ?? .zero
        guard let newLength = request.newLength.roundedUpToPages, newLength > .zero else { throw .invalidArgument }
        guard layout.contains(request.source), !tables.descriptor(of: request.source).isFree else { throw .badAddress }
        if !options.isDisjoint(with: .fixed | .dontUnmap) {
            return try moveTo(request, oldLength, newLength, frames: &frames)
        }
        guard oldLength < newLength else {
            if oldLength > newLength {
                // Of hostile lengths the sum wraps, as Linux's does.
                let end = VirtualAddress(request.source.rawValue &+ newLength.rawValue)
                try unmap(end, length: oldLength - newLength, frames: &frames)
            }
            return MoveResult(start: request.source, lockedGrowth: nil)
        }
        if let source = VirtualRange(request.source, length: oldLength) { try refuseSealed(in: source) }
        let mapping = try mapping(at: request.source, length: oldLength)
        guard newLength <= AddressSpaceLayout.addressLimit - VirtualAddress(0) else { throw .outOfMemory }
        guard mapping.canGrow(to: newLength) else { throw .invalidArgument }
        try checkGrowth(request, mapping)
        try checkPromise(request, mapping)
        if let grown = try growInPlace(mapping, to: newLength, frames: &frames) { return grown }
        guard options.contains(.mayMove), let room = findRoom(for: newLength + searchGap) else { throw .outOfMemory }
        let target = VirtualRange(room.start, to: room.start + newLength)
        try movePages(of: mapping, to: target, keepingSource: false, frames: &frames)
        finish(mapping, movedTo: target, wasFound: true, keepsSource: false, frames: &frames)
        return result(mapping, at: target)
    }

    /// `MREMAP_FIXED` and `MREMAP_DONTUNMAP` (Linux mm/mremap.c, `mremap_to`).
    private mutating func moveTo(
        _ request: MoveRequest, _ oldLength: ByteCount, _ newLength: ByteCount, frames: inout FrameAllocator<M>
    ) throws(MapError) -> MoveResult {
        let limit = AddressSpaceLayout.addressLimit
        let (source, destination) = (request.source, request.destination)
        guard destination.isPageAligned, newLength <= limit - VirtualAddress(0),
            destination <= VirtualAddress(limit.rawValue - newLength.rawValue),
            // What is given up of the source must be a range that can be unmapped.
            oldLength <= newLength || oldLength <= limit - source,
            source.rawValue &+ oldLength.rawValue <= destination.rawValue || destination + newLength <= source
        else { throw .invalidArgument }
        if let whole = VirtualRange(source, length: oldLength) { try refuseSealed(in: whole) }
        if request.options.contains(.fixed) {
            try refuseSealed(in: VirtualRange(destination, to: destination + newLength))
            // A second mapping of shared memory in place of the first, which Linux has unmapped by then.
            guard source != destination else { throw .badAddress }
        }
        let length = min(oldLength, newLength)
        let mapping = try mapping(at: source, length: length)
        guard mapping.canGrow(to: newLength) else { throw .invalidArgument }
        try checkGrowth(request, mapping)
        let target: VirtualRange
        var wasFound = false
        if request.options.contains(.fixed) {
            target = VirtualRange(destination, to: destination + newLength)
            guard destination >= layout.low.start else { throw .notPermitted }
            guard layout.contains(target) else { throw .outOfMemory }
        } else if let hinted = usableRange(hint: destination, length: newLength) {
            target = hinted
        } else {
            guard let room = findRoom(for: newLength + searchGap) else { throw .outOfMemory }
            target = VirtualRange(room.start, to: room.start + newLength)
            wasFound = true
        }
        try checkPromise(request, mapping)
        let keepsSource = request.options.contains(.dontUnmap)
        let rest = VirtualRange(source + length, to: source + max(oldLength, length))
        try prepareRemoval(of: rest, frames: &frames)
        try movePages(of: mapping, to: target, keepingSource: keepsSource, frames: &frames)
        finish(mapping, movedTo: target, wasFound: wasFound, keepsSource: keepsSource, frames: &frames)
        // Prepared before: it does not fail.
        if !rest.isEmpty { try unmap(rest, frames: &frames) }
        return result(mapping, at: target)
    }

    /// Whether limits allow the pages that `request` adds to `mapping`.
    @inline(__always) private func checkGrowth(_ request: MoveRequest, _ mapping: MappedRange) throws(MapError) {
        let added = ByteCount.pages(request.addedPages)
        guard added > .zero else { return }
        let set = attributes[mapping.attributes]
        // What stays behind without its pages is no longer locked.
        try checkGrowth(by: added, of: request.options.contains(.dontUnmap) ? .none : set)
        let isData = set.contains(.write) && set.isDisjoint(with: .shared | .growsDown)
        guard request.mayAddData || !isData else { throw .outOfMemory }
    }

    /// Whether the pages that `request` adds to `mapping` may be promised; asked when the place is known (mm/mremap.c,
    /// move_vma).
    @inline(__always) private func checkPromise(_ request: MoveRequest, _ mapping: MappedRange) throws(MapError) {
        guard request.mayAccount || request.addedPages == 0 || !attributes[mapping.attributes].contains(.accounted) else {
            throw .outOfMemory
        }
    }

    /// What a search for room leaves free below a mapping that grows down (Linux mm/mmap.c: `vm_start_gap`).
    private var searchGap: ByteCount { hasGrowingMappings ? layout.stackGuardGap : .zero }

    /// Makes sure that unmapping `range` will not fail.
    private mutating func prepareRemoval(
        of range: VirtualRange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        if let low = range.intersection(layout.low) { _ = try cursor(over: low, filling: false, frames: &frames) }
        if let high = range.intersection(layout.high) { _ = try cursor(over: high, filling: false, frames: &frames) }
    }

    /// Extends a mapping into the free pages behind it.
    /// - Returns: nil where they are not free.
    /// - Throws: ``MapError/outOfMemory``, with nothing changed.
    private mutating func growInPlace(
        _ mapping: MappedRange, to length: ByteCount, frames: inout FrameAllocator<M>
    ) throws(MapError) -> MoveResult? {
        // No pages at all are at no mapping's end (`mremap`: "old_len exactly to the end of the area").
        guard !mapping.range.isEmpty else { return nil }
        let start = mapping.range.start
        guard let whole = VirtualRange(start, length: length), layout.contains(whole) else { return nil }
        let growth = VirtualRange(mapping.range.end, to: whole.end)
        guard tables.isFree(growth) else { return nil }
        try reserve(growth, behind: mapping, frames: &frames)
        return result(mapping, at: whole)
    }

    /// Makes each page of `range` one that follows `mapping`, whatever it was before.
    /// - Throws: ``MapError/outOfMemory``, with nothing changed.
    mutating func reserve(
        _ range: VirtualRange, behind mapping: MappedRange, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        if let object = mapping.object {
            let first = object.advanced(by: mapping.range.length)
            try reserve(range, as: mapping.attributes, of: first, frames: &frames)
        } else {
            try reserve(range, as: mapping.attributes, frames: &frames)
        }
    }

    @inline(__always) private func result(_ mapping: MappedRange, at range: VirtualRange) -> MoveResult {
        let set = attributes[mapping.attributes]
        let grown = VirtualRange(range.start + mapping.range.length, to: range.end)
        let isPopulated = !grown.isEmpty && set.contains(.locked) && !set.contains(.lockedOnFault)
        return MoveResult(start: range.start, lockedGrowth: isPopulated ? grown : nil)
    }

    /// Notes that pages have moved, for later searches.
    private mutating func finish(
        _ mapping: MappedRange, movedTo target: VirtualRange, wasFound: Bool, keepsSource: Bool,
        frames: inout FrameAllocator<M>
    ) {
        if attributes[mapping.attributes].contains(.growsDown) { hasGrowingMappings = true }
        if wasFound { moveNextFit(beyond: target, frames: &frames) }
        if !keepsSource { _ = fallBackNextFit(over: mapping.range, frames: &frames) }
    }

    // MARK: One mapping

    /// The pages from `start` on, as one mapping.
    ///
    /// Linux answers `EFAULT` where a range leaves its region (VMA). There are no regions here: a range is one mapping
    /// where each page is mapped and all have the same attributes, guards apart, which Linux too has inside a region.
    /// Linux merges adjacent regions by the same rule, but for those that were populated before they became neighbours.
    ///
    /// - Parameter length: zero for a shared mapping that is to be mapped a second time.
    /// - Throws: ``MapError/invalidArgument`` for no pages of private memory; ``MapError/badAddress`` where the range is
    ///   not one mapping; ``MapError/outOfMemory`` where there is no class for its attributes.
    mutating func mapping(at start: VirtualAddress, length: ByteCount) throws(MapError) -> MappedRange {
        let place = tables.deepest(towards: start)
        let entry = tables.load(place.entry(for: start))
        let first = entry.attributeClass
        let set = attributes[first].subtracting(.guardPage)
        guard length > .zero || set.contains(.shared) else { throw .invalidArgument }
        guard let range = VirtualRange(start, length: length), layout.contains(range) || range.isEmpty else {
            throw .badAddress
        }
        let offset = (start - TableGeometry.start(of: start, at: place.level)).wholePages
        let untouched = entry.isResident ? tables.untouched(entry) : entry.advanced(byPages: offset)
        let object = untouched.isReservedFile ? MappedObject(untouched.object, firstPage: untouched.pageIndex) : nil
        var isMixed = attributes[first].contains(.guardPage)
        var isSteady = true
        var address = range.start
        while address < range.end {
            let place = tables.deepest(towards: address)
            let next = min(tables.end(of: place, from: address), range.end)
            let isLast = place.level == Granule.lastLevel
            var entry = place.entry(for: address)
            var left = isLast ? (next - address).wholePages : 1
            var descriptor = tables.load(entry)
            while left > 0 {
                guard !descriptor.isFree else { throw .badAddress }
                if descriptor.attributeClass != first {
                    isMixed = true
                    guard attributes[descriptor.attributeClass].subtracting(.guardPage) == set else { throw .badAddress }
                }
                if !descriptor.isValid || !descriptor.isPlain { isSteady = false }
                let mask = descriptor.isValid ? descriptor.plainMask : descriptor.likenessMask
                let wanted = descriptor.rawValue & mask
                var looks = 0
                repeat {
                    looks &+= 1
                    // What goes on for a while is looked at in groups.
                    let alike =
                        looks < 8 ? 1 : tables.run(from: entry, atMost: left, saying: descriptor, in: mask)
                    entry = entry.entry(behind: alike)
                    left &-= alike
                    if left > 0 { descriptor = tables.load(entry) }
                } while left > 0 && descriptor.rawValue & mask == wanted
            }
            if object != nil || records.tableRecord(of: place.table).namesObjects {
                let shown = object?.advanced(by: address - range.start)
                guard shows(shown, VirtualRange(address, to: next), in: place) else { throw .badAddress }
            }
            address = next
        }
        return MappedRange(range: range, attributes: try intern(set), object: object, isMixed: isMixed, isSteady: isSteady)
    }

    /// Whether the entries of `place` for `range`, all mapped, show an object's pages from a certain one on, or none.
    @inline(never) private mutating func shows(
        _ object: MappedObject?, _ range: VirtualRange, in place: TablePosition
    ) -> Bool {
        var page = range.start
        while page < range.end {
            let entry = tables.load(place.entry(for: page))
            let start = TableGeometry.start(of: page, at: place.level)
            let untouched = entry.isResident ? tables.untouched(entry) : entry
            if let object {
                guard untouched.isReservedFile, untouched.object == object.number,
                    untouched.advanced(byPages: (page - start).wholePages).pageIndex
                        == object.advanced(by: page - range.start).firstPage
                else { return false }
            } else if untouched.isReservedFile {
                return false
            }
            page = min(start + TableGeometry.span(at: place.level), range.end)
        }
        return true
    }
}

/// Pages that `mremap` takes for one mapping.
struct MappedRange {
    var range: VirtualRange
    /// The class that pages added to it get.
    var attributes: AttributeClass
    /// What its first page shows; nil for anonymous memory.
    var object: MappedObject?
    /// Whether some of its pages are of another class: guards.
    var isMixed: Bool
    /// Whether all are resident, and nobody changes their entries but who holds the address space.
    var isSteady: Bool

    /// The entry of its page at `offset`, or of one that follows the last, were it never touched.
    func reserved(at offset: ByteCount) -> Descriptor {
        guard let object = object?.advanced(by: offset) else { return .reserved(attributes) }
        return .reservedFile(attributes, object: object.number, pageIndex: object.firstPage)
    }

    /// Whether each page of an object that it would show has an index.
    func canGrow(to length: ByteCount) -> Bool { object.map { $0.canIndex(length) } ?? true }
}

extension TranslationTables {
    /// The entry that stands for `address`, which is not a table's.
    func descriptor(of address: VirtualAddress) -> Descriptor { load(deepest(towards: address).entry(for: address)) }

    /// Where what is found at `place` for `address` ends: the table at the last level, above it the entry.
    @inline(__always) func end(of place: TablePosition, from address: VirtualAddress) -> VirtualAddress {
        let level = min(place.level, Granule.lastLevel - 1)
        return TableGeometry.start(of: address, at: level) + TableGeometry.span(at: level)
    }
}
