/// What `madvise` does to private anonymous memory, and what it and its kin ask of a range first.
extension AddressSpace {
    /// Gives back the frames of a range: its pages stay mapped and read as zeroes (`MADV_DONTNEED`).
    ///
    /// As Linux mm/madvise.c: holes are passed over and told of at the end; what a program has locked is refused.
    ///
    /// - Throws: ``MapError/invalidArgument``: `start` is not page-aligned, the range wraps, or a page is locked.
    ///   ``MapError/outOfMemory``: a part of the range is not mapped, or, with nothing changed, there is no frame for a
    ///   table that must be split or unshared.
    public mutating func discard(
        _ start: VirtualAddress, length: ByteCount, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard let range = VirtualRange(start, length: length) else { throw .invalidArgument }
        guard !range.isEmpty else { return }
        var isWhole = true
        try prepareBothSides(of: range, discarding: false, frames: &frames)
        if let low = range.intersection(layout.low) { isWhole = try discardAll(in: low, frames: &frames) }
        if let high = range.intersection(layout.high) { isWhole = try discardAll(in: high, frames: &frames) && isWhole }
        if !isWhole || !layout.contains(range) { throw .outOfMemory }
    }

    /// Gives back the frames of a range.
    /// - Returns: whether all of it is mapped.
    private mutating func discardAll(
        in range: VirtualRange, frames: inout FrameAllocator<M>
    ) throws(MapError) -> Bool {
        var cursor = try cursor(over: range, filling: false, frames: &frames)
        var batch = makeBatch()
        var isWhole = true
        var isLocked = false
        repeat {
            repeat {
                let old = cursor.descriptor
                if old.isFree {
                    isWhole = false
                } else if attributes[old.attributeClass].contains(.locked) {
                    isLocked = true
                } else if old.isResident {
                    cursor.discard(old, into: &batch, frames: &frames)
                }
            } while cursor.moveWithinTable()
            cursor.settle()
        } while cursor.moveToNextTable()
        batch.complete(frames: &frames)
        if isLocked { throw .invalidArgument }
        return isWhole
    }

    /// Whether every page of a range is mapped, touched or not.
    public func isMapped(_ range: VirtualRange) -> Bool {
        guard !range.isEmpty else { return true }
        guard layout.contains(range) else { return false }
        var cursor = Cursor(tables, over: range)
        repeat {
            if cursor.descriptor.isFree { return false }
        } while cursor.advance()
        return true
    }
}
