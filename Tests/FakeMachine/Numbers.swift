import MemoryModel

/// Taking frames by number, for tests that keep many: swift-testing's macros and arrays take no owner.
extension FrameAllocator {
    /// Takes a frame, whose reference the caller owns by its number. Traps where none is free.
    public mutating func takeNumber(_ kind: FrameKind) -> FrameNumber {
        guard let frame = take(kind) else { preconditionFailure("a machine with RAM enough for the test") }
        return frame.relinquish()
    }

    /// Takes a frame of zeroes, cleaning not completed, whose reference the caller owns by its number. Traps where
    /// none is free.
    public mutating func takeZeroedNumber(_ kind: FrameKind) -> FrameNumber {
        guard let frame = takeZeroed(kind) else { preconditionFailure("a machine with RAM enough for the test") }
        return frame.relinquish()
    }

    /// Drops a reference that the caller owns by the frame's number.
    public mutating func release(number: FrameNumber) { release(Frame(adopting: number)) }
}
