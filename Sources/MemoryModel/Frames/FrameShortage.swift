/// Free frames out of reach while allocations are made to fail on purpose (``FrameAllocator/beginShortage(leaving:ending:)``).
@frozen public struct FrameShortage: Sendable {
    /// The list of hot frames behind those that were left, and how many it has.
    @usableFromInline let hottest: FrameLink
    @usableFromInline let hotCount: UInt64

    /// Whether the first allocation that fails ends the shortage: the ones after it succeed again.
    @usableFromInline let endsWithFailure: Bool

    @inlinable init(hottest: FrameLink, hotCount: UInt64, endsWithFailure: Bool) {
        self.hottest = hottest
        self.hotCount = hotCount
        self.endsWithFailure = endsWithFailure
    }
}

/// Making allocations fail in the running kernel. Taking and releasing a frame are as ever: only a refill, which comes
/// once for many frames, asks whether there is a shortage.
extension FrameAllocator {
    /// Puts free frames out of reach until at most `left` can be taken, one by one. What is released meanwhile can be
    /// taken again.
    /// - Parameters:
    ///   - left: no more than are ever kept at hand.
    ///   - endsWithFailure: whether only one allocation fails, rather than every one until ``endShortage()``.
    public mutating func beginShortage(leaving left: UInt64, endsWithFailure: Bool) {
        precondition(shortage == nil && left <= usualHotLimit / 2, "one shortage at a time, of few frames")
        if hotCount < left { _ = refill(for: .anonymous, upTo: left) }
        let kept = min(left, hotCount)
        var last: UInt64?
        var link = hottest
        for _ in 0..<kept {
            guard let index = link.index else { break }
            last = index
            link = FrameLink.next(in: table.machine.load(table.detail(at: index)))
        }
        shortage = FrameShortage(hottest: link, hotCount: hotCount - kept, endsWithFailure: endsWithFailure)
        hotCount = kept
        if let last {
            table.machine.store(FrameLink.word(previous: .none, next: .none), at: table.detail(at: last))
        } else {
            hottest = .none
        }
    }

    /// Puts every free frame within reach again; nothing where there is no shortage.
    public mutating func endShortage() {
        guard let shortage else { return }
        self.shortage = nil
        var last: UInt64?
        var link = hottest
        while let index = link.index {
            last = index
            link = FrameLink.next(in: table.machine.load(table.detail(at: index)))
        }
        if let last {
            table.machine.store(FrameLink.word(previous: .none, next: shortage.hottest), at: table.detail(at: last))
        } else {
            hottest = shortage.hottest
        }
        hotCount += shortage.hotCount
    }

    /// Tells the shortage, if there is one, that no frame is left.
    /// - Returns: whether there is one: the allocation has to fail.
    @inlinable mutating func failsForShortage() -> Bool {
        guard let shortage else { return false }
        if shortage.endsWithFailure { endShortage() }
        return true
    }
}
