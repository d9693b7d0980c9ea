/// `mseal`: pages whose mapping can't be changed any more (Linux 6.10; Documentation/userspace-api/mseal.rst).
///
/// A call that would unmap, move, replace, grow or shrink a sealed mapping, or change its rights, is `EPERM` before
/// anything changes. So is advice that loses content which the program can't write. Locks, and advice that changes
/// nothing to see, are allowed. There is no way back but `exec`.
extension AddressSpace {
    /// Seals what is mapped in `range`. Sealing twice is allowed.
    ///
    /// - Throws: ``MapError/outOfMemory``, with nothing sealed: the range has a hole, or a frame for a table or an
    ///   attribute class is lacking.
    public mutating func seal(_ range: VirtualRange, frames: inout FrameAllocator<M>) throws(MapError) {
        guard isMapped(range) else { throw .outOfMemory }
        var change = RangeChange(added: .sealed)
        change.stopsAtHoles = true
        change.shortage = .outOfMemory
        try apply(change, over: range, frames: &frames)
        if !range.isEmpty { hasSeals = true }
    }

    /// - Throws: ``MapError/notPermitted`` where a page of `range` is sealed.
    @inline(__always) func refuseSealed(in range: VirtualRange) throws(MapError) {
        if hasSeals && containsSeal(range, forbidding: nil) { throw .notPermitted }
    }

    /// - Throws: ``MapError/notPermitted`` where a page of `range` is sealed against `change`.
    @inline(__always) func refuseSealed(in range: VirtualRange, to change: RangeChange) throws(MapError) {
        if hasSeals && change.losesContent && containsSeal(range, forbidding: change) { throw .notPermitted }
    }

    @inline(never) private func containsSeal(_ range: VirtualRange, forbidding change: RangeChange?) -> Bool {
        if let low = range.intersection(layout.low), findsSeal(low, change) { return true }
        if let high = range.intersection(layout.high), findsSeal(high, change) { return true }
        return false
    }

    private func findsSeal(_ range: VirtualRange, _ change: RangeChange?) -> Bool {
        var cursor = Cursor(tables, over: range)
        repeat {
            let descriptor = cursor.descriptor
            guard !descriptor.isFree else { continue }
            let set = attributes[descriptor.attributeClass]
            guard set.contains(.sealed) else { continue }
            guard let change else { return true }
            if change.isForbidden(bySealOf: set, isAnonymous: object(of: descriptor) == nil) { return true }
        } while cursor.advance()
        return false
    }
}
