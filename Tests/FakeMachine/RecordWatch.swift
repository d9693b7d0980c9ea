import MemoryModel

/// Watches the frame records: who takes a frame, and who frees it.
struct RecordWatch {
    let records: PhysicalAddress
    let firstFrame: FrameNumber
    let frameCount: UInt64

    /// Frames with a reference.
    var owned: Set<FrameNumber> = []

    /// What a write of a record's first word means for a block of frames.
    struct Change {
        let first: FrameNumber
        let count: UInt64
        /// Whether the block is free from now on; otherwise it is taken.
        let isFreed: Bool
    }

    /// What the write means, or nil where no frame changes hands.
    func change(from old: UInt64, to new: UInt64, at address: PhysicalAddress) -> Change? {
        let offset = address.rawValue &- records.rawValue
        guard offset < frameCount * 16, offset & 15 == 0 else { return nil }
        let (before, after) = (FrameRecord(state: old, detail: 0), FrameRecord(state: new, detail: 0))
        guard (before.count == 0) != (after.count == 0) else { return nil }
        let isFreed = after.count == 0
        return Change(
            first: firstFrame.advanced(by: offset / 16), count: 1 << (isFreed ? before : after).order, isFreed: isFreed)
    }
}

extension FakeMachine {
    /// Notes frames that change hands by this write of a record.
    func didWriteRecord(_ new: UInt64, over old: UInt64, at address: PhysicalAddress) {
        guard let change = records?.change(from: old, to: new, at: address) else { return }
        for offset in 0..<change.count {
            let frame = change.first.advanced(by: offset)
            if change.isFreed {
                records?.owned.remove(frame)
                freed(frame)
            } else {
                records?.owned.insert(frame)
            }
        }
    }

    /// Nobody may reach the frame any more; its content is lost.
    private func freed(_ frame: FrameNumber) {
        if tracker.uses[frame] != nil {
            report(.freedWhileReachable(frame, .table))
        } else if tracker.staleUses.contains(where: { $0.frame == frame }) {
            report(.freedWhileReachable(frame, .walkCache))
        }
        if tracker.mapped[frame] != nil {
            report(.freedWhileReachable(frame, .mapped))
        } else if tracker.hasStaleTranslation(to: frame) {
            report(.freedWhileReachable(frame, .translation))
        }
        if tracker.uses[frame] == nil { memory.fill(frame, with: FakeMemory.poison) }
        caches.forget(frame)
    }
}
