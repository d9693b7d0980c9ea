/// Finding room: a next-fit pointer, and a search that the tables' records bound.
extension AddressSpace {
    /// Free addresses for `length` bytes: upward from the next-fit pointer below the kernel, then from the start of the
    /// mmap region, then the same above the kernel.
    @inline(__always) func findRoom(for length: ByteCount) -> VirtualRange? {
        findRoom(for: length, in: mapRegion, from: nextFitLow)
            ?? findRoom(for: length, in: layout.high, from: nextFitHigh)
    }

    @inline(__always) private func findRoom(
        for length: ByteCount, in region: VirtualRange, from pointer: VirtualAddress
    ) -> VirtualRange? {
        guard length <= region.length else { return nil }
        if pointer < region.end {
            let above = VirtualRange(max(pointer, region.start), to: region.end)
            if let start = tables.firstGap(of: length, in: above) { return VirtualRange(start, to: start + length) }
        }
        guard pointer > region.start, let start = tables.firstGap(of: length, in: region) else { return nil }
        return VirtualRange(start, to: start + length)
    }

    /// Whether a hint may be followed: its range is free, and so is the guard gap below a mapping that grows down
    /// (Linux mm/mmap.c: `vm_start_gap`).
    @inline(__always) func isUsable(hint range: VirtualRange) -> Bool {
        guard layout.contains(range), tables.isFree(range) else { return false }
        let region = layout.low.contains(range) ? layout.low : layout.high
        let gapEnd = region.end - range.end < layout.stackGuardGap ? region.end : range.end + layout.stackGuardGap
        guard range.end < gapEnd else { return true }
        guard let above = tables.firstMapped(in: VirtualRange(range.end, to: gapEnd)) else { return true }
        return !attributes[above.descriptor.attributeClass].contains(.growsDown)
    }

    // MARK: The next-fit pointer

    /// Whether an empty table on the path of `address` is kept because the next mapping will go there.
    @inline(__always) func isWarm(_ address: VirtualAddress) -> Bool {
        TableGeometry.start(of: address, at: Granule.lastLevel - 1)
            == TableGeometry.start(
                of: address.rawValue < layout.high.start.rawValue ? nextFitLow : nextFitHigh,
                at: Granule.lastLevel - 1)
    }

    /// Notes that `range`, found by search, was mapped.
    @inline(__always) mutating func moveNextFit(beyond range: VirtualRange, frames: inout FrameAllocator<M>) {
        if range.start < layout.high.start {
            let old = nextFitLow
            nextFitLow = range.end
            leaveWarmTable(at: old, frames: &frames)
        } else {
            let old = nextFitHigh
            nextFitHigh = range.end
            leaveWarmTable(at: old, frames: &frames)
        }
    }

    /// Notes that nothing is mapped in `range` any more: the pointer falls back to its start where it touched it.
    /// - Returns: whether that gave tables back.
    @inline(__always) mutating func fallBackNextFit(
        over range: VirtualRange, frames: inout FrameAllocator<M>
    ) -> Bool {
        let old: VirtualAddress
        if range.start < nextFitLow && nextFitLow <= range.end {
            old = nextFitLow
            nextFitLow = max(range.start, layout.mapBase)
        } else if range.start < nextFitHigh && nextFitHigh <= range.end {
            old = nextFitHigh
            nextFitHigh = range.start
        } else {
            return false
        }
        return leaveWarmTable(at: old, frames: &frames)
    }

    /// Gives back the table that was kept for the pointer, if it is empty and the pointer has gone elsewhere.
    /// - Returns: whether it did.
    @inline(__always) @discardableResult private mutating func leaveWarmTable(
        at old: VirtualAddress, frames: inout FrameAllocator<M>
    ) -> Bool {
        guard !isWarm(old) else { return false }
        return giveBackWarmTable(at: old, frames: &frames)
    }

    @inline(never) private mutating func giveBackWarmTable(
        at old: VirtualAddress, frames: inout FrameAllocator<M>
    ) -> Bool {
        guard old < AddressSpaceLayout.addressLimit else { return false }
        var batch = makeBatch()
        let removed = tables.removeEmptyTables(towards: old, into: &batch)
        batch.complete(frames: &frames)
        return removed
    }
}
