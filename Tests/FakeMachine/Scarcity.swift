import MemoryModel

/// Making allocations fail: frames are taken away until the wished-for number is left. The allocator need not know.
extension FrameAllocator {
    /// Takes free frames away until at most `left` are free, so that allocation number `left + 1` fails.
    ///
    /// Give them back with ``restore(_:)`` before the test ends.
    public mutating func withhold(leaving left: UInt64) -> FrameList<M> {
        var withheld = FrameList(table)
        while freeFrames > left, let frame = take(.kernel) { withheld.push(frame) }
        return withheld
    }

    /// Gives back what ``withhold(leaving:)`` took away.
    public mutating func restore(_ withheld: consuming FrameList<M>) {
        while let frame = withheld.popFirst() { release(frame) }
    }
}
