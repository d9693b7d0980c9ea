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

    /// The first pages of `range` that are mapped, up to the next hole; nil where none is.
    public func nextMapped(in range: VirtualRange) -> VirtualRange? {
        if let low = range.intersection(layout.low), let found = nextMapped(within: low) { return found }
        guard let high = range.intersection(layout.high) else { return nil }
        return nextMapped(within: high)
    }

    private func nextMapped(within range: VirtualRange) -> VirtualRange? {
        guard let first = tables.firstMapped(in: range) else { return nil }
        var cursor = Cursor(tables, over: VirtualRange(first.address, to: range.end))
        repeat {
            if cursor.descriptor.isFree { return VirtualRange(first.address, to: cursor.position) }
        } while cursor.advance()
        return VirtualRange(first.address, to: range.end)
    }

    /// The first pages of `range` whose content `MADV_REMOVE` may take out of their object, adjacent there too; nil where
    /// nothing is mapped any more.
    ///
    /// - Throws: ``MapError/invalidArgument`` for a locked page or one of no object; ``MapError/accessDenied`` for one
    ///   that is not shared or may never be written (Linux mm/madvise.c, `madvise_remove`).
    public func firstRemovable(
        in range: VirtualRange
    ) throws(MapError) -> (pages: VirtualRange, object: MappedObject)? {
        guard let low = range.intersection(layout.low), let found = try firstRemovable(within: low) else {
            guard let high = range.intersection(layout.high) else { return nil }
            return try firstRemovable(within: high)
        }
        return found
    }

    private func firstRemovable(
        within range: VirtualRange
    ) throws(MapError) -> (pages: VirtualRange, object: MappedObject)? {
        var found: (start: VirtualAddress, object: MappedObject)?
        var cursor = Cursor(tables, over: range)
        repeat {
            let entry = cursor.descriptor
            guard let first = found else {
                guard !entry.isFree else { continue }
                found = (cursor.position, try removableObject(of: entry, at: cursor.position, in: cursor.place))
                continue
            }
            // Where the run ends, the next look begins: what refuses there is told of then.
            let expected = first.object.advanced(by: cursor.position - first.start)
            guard !entry.isFree, (try? removableObject(of: entry, at: cursor.position, in: cursor.place)) == expected
            else { return (VirtualRange(first.start, to: cursor.position), first.object) }
        } while cursor.advance()
        guard let found else { return nil }
        return (VirtualRange(found.start, to: range.end), found.object)
    }

    private func removableObject(
        of entry: Descriptor, at address: VirtualAddress, in place: TablePosition
    ) throws(MapError) -> MappedObject {
        let set = attributes[entry.attributeClass]
        let offset = (address - TableGeometry.start(of: address, at: place.level)).wholePages
        let untouched = entry.isResident ? tables.untouched(entry) : entry.advanced(byPages: offset)
        guard !set.contains(.locked), untouched.isReservedFile else { throw .invalidArgument }
        guard set.contains(.shared | .mayWrite) else { throw .accessDenied }
        return MappedObject(untouched.object, firstPage: untouched.pageIndex)
    }
}
