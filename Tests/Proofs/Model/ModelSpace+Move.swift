import MemoryModel

/// `mremap`, as its manual and Linux mm/mremap.c have it.
extension ModelSpace {
    /// Where pages are now, and which of them were added to a locked mapping.
    struct Moved: Equatable {
        var start: UInt64
        var lockedGrowth: Range<UInt64>?
    }

    /// Pages in a row that are one mapping: the same attributes but for guards, and an object's pages in their order.
    private struct Mapping {
        var numbers: Range<UInt64>
        var attributes: AttributeSet
        var source: Source?

        /// A page of it that nobody has touched; page 0 is its first, and there are some behind its end.
        func page(_ offset: UInt64) -> Page {
            Page(attributes: attributes, source: source.map { Source(object: $0.object, index: $0.index + offset) })
        }
    }

    mutating func move(_ request: MoveRequest) throws(MapError) -> Moved {
        let (mayMove, isFixed) = (request.options.contains(.mayMove), request.options.contains(.fixed))
        let keepsSource = request.options.contains(.dontUnmap)
        let source = request.source.rawValue
        guard mayMove || !(isFixed || keepsSource), source % pageSize == 0,
            !keepsSource || request.oldLength == request.newLength
        else { throw .invalidArgument }
        // A length that wraps where it is rounded becomes 0.
        let old = Self.pageCount(request.oldLength.rawValue) ?? 0
        guard let new = Self.pageCount(request.newLength.rawValue), new > 0 else { throw .invalidArgument }
        let first = source / pageSize
        guard pages[first] != nil else { throw .badAddress }
        if isFixed || keepsSource { return try moveTo(request, first, old, new) }
        if new <= old {
            // The sum wraps, as Linux's does.
            if new < old { try unmap(source &+ new * pageSize, (old - new) * pageSize) }
            return Moved(start: source)
        }
        if Self.pageNumbers(source, old * pageSize) != nil { try refuseSealed(first..<first + old) }
        let mapping = try mapping(first, old)
        guard new * pageSize <= addressLimit else { throw .outOfMemory }
        try checkGrowth(mapping, to: new, request)
        try checkPromise(mapping, to: new, request)
        let grown = first..<first + new
        if old > 0, Self.isUser(grown), isFree(first + old..<first + new) {
            for number in first + old..<first + new { pages[number] = mapping.page(number - first) }
            return Moved(start: source, lockedGrowth: lockedGrowth(mapping, in: grown))
        }
        guard mayMove else { throw .outOfMemory }
        let target = try placed(new, hint: 0)
        return carry(mapping, to: target, keepingSource: false)
    }

    /// `MREMAP_FIXED` and `MREMAP_DONTUNMAP`.
    private mutating func moveTo(
        _ request: MoveRequest, _ first: UInt64, _ old: UInt64, _ new: UInt64
    ) throws(MapError) -> Moved {
        let source = request.source.rawValue
        let destination = request.destination.rawValue
        let (oldBytes, newBytes) = (old * pageSize, new * pageSize)
        guard destination % pageSize == 0, newBytes <= addressLimit, destination <= addressLimit - newBytes,
            old <= new || oldBytes <= addressLimit - source,
            source &+ oldBytes <= destination || destination + newBytes <= source
        else { throw .invalidArgument }
        if Self.pageNumbers(source, old * pageSize) != nil { try refuseSealed(first..<first + old) }
        let target = destination / pageSize..<destination / pageSize + new
        let isFixed = request.options.contains(.fixed)
        if isFixed { try refuseSealed(target) }
        if isFixed, source == destination { throw .badAddress }
        let moved = min(old, new)
        let mapping = try mapping(first, moved)
        try checkGrowth(mapping, to: new, request)
        let place: Range<UInt64>
        if isFixed {
            guard destination >= Self.layout.low.start.rawValue else { throw .notPermitted }
            try checkPromise(mapping, to: new, request)
            guard Self.isUser(target) else { throw .outOfMemory }
            place = target
        } else {
            // Where there is no room the error is the same.
            try checkPromise(mapping, to: new, request)
            place = try placed(new, hint: destination)
        }
        for number in mapped(in: place) { pages[number] = nil }
        let result = carry(mapping, to: place, keepingSource: request.options.contains(.dontUnmap))
        // What of the source did not move goes.
        if moved < old { remove(first + moved..<first + old) }
        return result
    }

    /// The `count` pages from `first` on as one mapping.
    private func mapping(_ first: UInt64, _ count: UInt64) throws(MapError) -> Mapping {
        guard let page = pages[first] else { throw .badAddress }
        let mapping = Mapping(
            numbers: first..<first + count, attributes: page.attributes.subtracting(.guardPage), source: page.source)
        guard count > 0 || page.attributes.contains(.shared) else { throw .invalidArgument }
        guard count == 0 || Self.isUser(mapping.numbers) else { throw .badAddress }
        for number in mapping.numbers {
            guard let found = pages[number], found.attributes.subtracting(.guardPage) == mapping.attributes,
                found.source == mapping.page(number - first).source
            else { throw .badAddress }
        }
        return mapping
    }

    /// What limits say (mm/mremap.c, `vma_to_resize`).
    private func checkGrowth(_ mapping: Mapping, to count: UInt64, _ request: MoveRequest) throws(MapError) {
        if let source = mapping.source, source.index + count > 1 << 32 { throw .invalidArgument }
        let keepsSource = request.options.contains(.dontUnmap)
        let old = UInt64(mapping.numbers.count)
        let added = keepsSource ? count : count > old ? count - old : 0
        guard added > 0 else { return }
        let attributes = mapping.attributes
        // Of a source that stays only what arrives is locked: no more than before.
        if attributes.contains(.locked), !keepsSource, !mayLock(added) { throw .tryAgain }
        let isData = attributes.contains(.write) && attributes.isDisjoint(with: .shared | .growsDown)
        guard mayMap(added), request.mayAddData || !isData else { throw .outOfMemory }
    }

    /// Whether what is added may be promised, which is asked of a place that is allowed (mm/mremap.c, `move_vma`).
    private func checkPromise(_ mapping: Mapping, to count: UInt64, _ request: MoveRequest) throws(MapError) {
        let isMore = request.options.contains(.dontUnmap) || count > UInt64(mapping.numbers.count)
        if isMore, mapping.attributes.contains(.accounted), !request.mayAccount { throw .outOfMemory }
    }

    /// Takes the pages of `mapping` to the start of `target`, which is free; the rest of `target` is like them.
    private mutating func carry(_ mapping: Mapping, to target: Range<UInt64>, keepingSource: Bool) -> Moved {
        var content: [Page] = []
        for number in mapping.numbers {
            if let page = pages[number] { content.append(page) }
            var left = mapping.page(number - mapping.numbers.lowerBound)
            left.attributes = left.attributes.subtracting(.locked | .lockedOnFault)
            pages[number] = keepingSource ? left : nil
        }
        for number in target {
            let offset = Int(number - target.lowerBound)
            pages[number] = offset < content.count ? content[offset] : mapping.page(UInt64(offset))
        }
        if mapping.attributes.contains(.growsDown) { hasGrowingMappings = true }
        if !keepingSource { fallBack(over: mapping.numbers) }
        return Moved(
            start: target.lowerBound * pageSize, lockedGrowth: lockedGrowth(mapping, in: target))
    }

    private func lockedGrowth(_ mapping: Mapping, in target: Range<UInt64>) -> Range<UInt64>? {
        guard mapping.attributes.contains(.locked), !mapping.attributes.contains(.lockedOnFault),
            mapping.numbers.count < target.count
        else { return nil }
        return target.lowerBound + UInt64(mapping.numbers.count)..<target.upperBound
    }

    /// So many bytes in pages, rounded up; nil where that wraps.
    private static func pageCount(_ length: UInt64) -> UInt64? {
        let (sum, wraps) = length.addingReportingOverflow(pageSize - 1)
        return wraps ? nil : sum / pageSize
    }
}
