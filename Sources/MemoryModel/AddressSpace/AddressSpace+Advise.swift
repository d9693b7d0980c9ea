/// What `madvise` and its kin ask of a range.
extension AddressSpace {
    /// Gives back the frames of a range: its pages stay mapped and read as zeroes, or as the object's (`MADV_DONTNEED`).
    ///
    /// - Throws: ``MapError/invalidArgument``: `start` is not page-aligned, the range wraps, or a page is locked.
    ///   ``MapError/outOfMemory``: a part of the range is not mapped, or, with nothing changed, there is no frame for a
    ///   table that must be split or unshared.
    public mutating func discard(
        _ start: VirtualAddress, length: ByteCount, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        guard let range = VirtualRange(start, length: length) else { throw .invalidArgument }
        try apply(.discard, over: range, frames: &frames)
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
