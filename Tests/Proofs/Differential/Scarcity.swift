import FakeMachine
import MemoryModel

extension World {
    /// Performs one operation as often as it takes frames: the first time with none left, then with one, and so on.
    ///
    /// Where that fails for want of a frame, everything is as it was, which the model being unchanged then means, and no
    /// frame is missing. The last time it has what it needs.
    func performFailingEachAllocation(_ operation: Operation) throws {
        var left: UInt64 = 0
        withheld = frames.freeFrames
        var taken = frames.withhold(leaving: 0)
        let result = Result {
            while true {
                let failures = self.failures
                try performStarved(operation, left: left)
                // It had what it needed; doing it once more would be another operation.
                if self.failures == failures { return }
                if left == 0 { try checkAll() }
                guard let frame = taken.popFirst() else { return try perform(operation) }
                frames.release(frame)
                withheld -= 1
                left = frames.freeFrames
            }
        }
        withheld = 0
        frames.restore(taken)
        try result.get()
    }

    private func performStarved(_ operation: Operation, left: UInt64) throws {
        let failures = self.failures
        try perform(operation)
        try checkNear(operation)
        guard self.failures > failures else { return }
        let nowFree = frames.freeFrames
        guard !operation.isAtomic || nowFree == left else {
            throw Disagreement("a call that failed with \(left) frames left keeps \(left &- nowFree) of them")
        }
    }
}
